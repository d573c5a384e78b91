"""What the sending leaves behind for the pages: messages per minute, and how many people an operation reached."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from deliveries.models.delivery import Delivery
from operations.models import Operation


class DeliveryMinute(models.Model):
    """Messages whose outcome came in one minute."""

    pk = models.CompositePrimaryKey("delivery_id", "minute")
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="minutes", db_constraint=False, db_index=False
    )
    # The first instant of the minute, in UTC.
    minute = models.DateTimeField(_("minute"))
    processed = models.PositiveIntegerField(_("processed"), default=0)
    succeeded = models.PositiveIntegerField(_("succeeded"), default=0)

    class Meta:
        verbose_name = _("messages of a minute")
        verbose_name_plural = _("messages by minute")


class OperationReach(models.Model):
    """How many people an operation has reached, each counted once, when this was last counted."""

    operation = models.OneToOneField(Operation, on_delete=models.CASCADE, primary_key=True, related_name="reach")
    people = models.PositiveBigIntegerField(_("people"), default=0)
    counted_at = models.DateTimeField(_("counted at"))

    class Meta:
        verbose_name = _("reach of an operation")
        verbose_name_plural = _("reach of operations")
