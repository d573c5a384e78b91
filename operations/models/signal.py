"""Signals from other systems, kept until a task takes them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.models.run import ActivityRun
from operations.models.workflow import Activity


class ExternalSignal(models.Model):
    """One call of another system to one activity; the first task that waits there takes it."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="signals", verbose_name=_("activity"))
    received_at = models.DateTimeField(_("received at"))
    # Become variables of the run that takes the signal.
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    taken_by = models.ForeignKey(
        ActivityRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )

    class Meta:
        verbose_name = _("external signal")
        verbose_name_plural = _("external signals")
