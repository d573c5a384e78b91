"""Rehearsals: what a workflow would do in the coming weeks, with the real data and no effect."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.states import SlugChoices, StateMachine
from operations.models.workflow import Workflow, WorkflowVersion


class RehearsalState(SlugChoices):
    WAITING = 0, _("Waiting")
    RUNNING = 1, _("Running")
    DONE = 2, _("Done")
    FAILED = 3, _("Failed")


REHEARSAL_MOVES = StateMachine(
    "state",
    {
        RehearsalState.WAITING: [RehearsalState.RUNNING, RehearsalState.FAILED],
        # Back to waiting: the process that rehearsed died.
        RehearsalState.RUNNING: [RehearsalState.DONE, RehearsalState.FAILED, RehearsalState.WAITING],
        RehearsalState.DONE: [],
        RehearsalState.FAILED: [],
    },
)


class Rehearsal(models.Model):
    """One simulation that somebody asked for, and its result."""

    workflow = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="rehearsals", verbose_name=_("workflow")
    )
    version = models.ForeignKey(WorkflowVersion, on_delete=models.CASCADE, related_name="+", verbose_name=_("version"))
    state = models.SmallIntegerField(_("state"), choices=RehearsalState.choices, default=RehearsalState.WAITING)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # Runs simulated so far, and how many there will be.
    done = models.PositiveIntegerField(_("runs done"), default=0)
    planned = models.PositiveIntegerField(_("runs planned"), default=0)
    result = models.JSONField(_("result"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        indexes = [
            models.Index(fields=["state"], name="rehearsal_at_work", condition=models.Q(state__lte=1)),
        ]
