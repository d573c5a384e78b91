"""Lists of fields that several documents share."""

from __future__ import annotations

from deliveries.models import Delivery, DeliveryTemplate

CONTENT_AND_SENDING = (*DeliveryTemplate.CONTENT_FIELDS, *DeliveryTemplate.SENDING_FIELDS)
COUNT_NAMES = ("targeted", *Delivery.STATUS_COUNTERS, *Delivery.TRACKING_COUNTERS, "to_deliver")
