"""Hits that are too old: the counters of their deliveries, and the curves by hour, stay."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from deliveries.retention import count_logs, empty_logs
from installation.retention import Purger, keep_days, purgers
from tracking.models import TrackingLog

RETENTION_TRACKING_DAYS = keep_days(
    "RETENTION_TRACKING_DAYS",
    default=730,
    help=_("Days for which opens and clicks of a delivery that is over are kept. Its counts stay."),
)
purgers.add(
    "tracking",
    Purger(
        _("Tracking logs"),
        RETENTION_TRACKING_DAYS,
        lambda before: count_logs(TrackingLog, before),
        lambda before, limit: empty_logs(TrackingLog, "pk", before, limit),
    ),
)
