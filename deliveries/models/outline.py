"""Delivery outlines: named pieces of content that a workflow gives to the people who pass."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from operations.models import Operation


class DeliveryOutline(NamedModel):
    """A composition prepared in the operation: its pieces are what a message may show to those who carry it."""

    operation = models.ForeignKey(
        Operation, on_delete=models.CASCADE, related_name="outlines", verbose_name=_("operation")
    )
    description = models.TextField(_("description"), blank=True, default="")
    # [{"name": "offer", "label": "Offer", "value": "10 % off"}]
    items = models.JSONField(_("items"), default=list, blank=True)
    planned_contact_date = models.DateTimeField(_("planned contact date"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("delivery outline")
        verbose_name_plural = _("delivery outlines")
