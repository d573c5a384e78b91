"""Filters that somebody named, to be used again with other values."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel


class SavedFilter(NamedModel):
    """A filter document; its parameters stand in it as `{"parameter": name}` where a value would."""

    description = models.TextField(_("description"), blank=True, default="")
    filter = models.JSONField(_("filter"))
    # [{"name": "days", "label": "Days", "kind": "integer", "default": 30}]
    parameters = models.JSONField(_("parameters"), default=list, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
