"""Delivery templates: global ones in the templates folder, and the local one of a workflow activity."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from deliveries.models.settings import ContentFields, SendingFields
from operations.models import Activity


class DeliveryTemplate(NamedModel, ContentFields, SendingFields):
    # Set on a local template: the activity that owns it, and the template it was copied from.
    activity = models.OneToOneField(
        Activity,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="local_template",
        editable=False,
        verbose_name=_("activity"),
    )
    source = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="copies",
        editable=False,
        verbose_name=_("copied from"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("delivery template")
        verbose_name_plural = _("delivery templates")
