"""The pages of recurring series: the cockpit first (`page.py`), its figures, its table, its runs to come."""

from deliveries.admin.series.page import DeliverySeriesAdmin

__all__ = ["DeliverySeriesAdmin"]
