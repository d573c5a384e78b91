"""The tracking log, its tab on the page of a delivery, and its notes in the delivery's log."""

from tracking.admin import delivery_tab, message_notes, recipient_timeline, series_curves
from tracking.admin.trackinglog import TrackingLogAdmin

__all__ = ["TrackingLogAdmin", "delivery_tab", "message_notes", "recipient_timeline", "series_curves"]
