"""The definition of a workflow: activities joined by transitions. A run never changes it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from common.states import SlugChoices, StateMachine
from operations.models.operation import Operation


class WorkflowState(SlugChoices):
    EDITED = 0, _("Being edited")
    STARTED = 11, _("Started")
    PAUSED = 13, _("Paused")
    FINISHED = 20, _("Finished")


WORKFLOW_MOVES = StateMachine(
    "state",
    {
        WorkflowState.EDITED: [WorkflowState.STARTED],
        WorkflowState.STARTED: [WorkflowState.PAUSED, WorkflowState.FINISHED],
        WorkflowState.PAUSED: [WorkflowState.STARTED, WorkflowState.FINISHED],
        WorkflowState.FINISHED: [WorkflowState.STARTED],
    },
)


class Workflow(NamedModel):
    operation = models.ForeignKey(
        Operation,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="workflows",
        verbose_name=_("operation"),
    )
    state = models.SmallIntegerField(
        _("state"), choices=WorkflowState.choices, default=WorkflowState.EDITED, editable=False
    )
    failed = models.BooleanField(_("failed"), default=False, editable=False)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    description = models.TextField(_("description"), blank=True, default="")
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    # The instant of the last start: schedules are anchored to it when they give no date of their own.
    started_at = models.DateTimeField(_("started at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        permissions = [
            ("run_workflow", "Can start, pause and stop workflows"),
            ("run_sql", "Can draw and change SQL activities"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=WorkflowState.values), name="workflow_state_is_known"),
            models.CheckConstraint(
                condition=models.Q(failed=False) | models.Q(state=WorkflowState.PAUSED),
                name="workflow_failed_only_when_paused",
            ),
        ]

    def zone_name(self) -> str:
        return self.time_zone or settings.TIME_ZONE


class WorkflowVersion(models.Model):
    """One saved definition document; a run keeps the version with which it started."""

    workflow = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="versions", verbose_name=_("workflow")
    )
    number = models.PositiveIntegerField(_("version"))
    definition = models.JSONField(_("definition"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("workflow version")
        verbose_name_plural = _("workflow versions")
        constraints = [models.UniqueConstraint(fields=["workflow", "number"], name="workflow_version_number_once")]


class Activity(models.Model):
    """A box of the drawing; its name is its identity. One that has runs is retired, never deleted."""

    workflow = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="activities", verbose_name=_("workflow")
    )
    name = models.CharField(_("name"), max_length=100)
    type = models.CharField(_("type"), max_length=50)
    label = models.CharField(_("label"), max_length=200, blank=True, default="")
    x = models.IntegerField(_("x"), default=0)
    y = models.IntegerField(_("y"), default=0)
    config = models.JSONField(_("configuration"), default=dict, blank=True)
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [models.UniqueConstraint(fields=["workflow", "name"], name="activity_name_once_per_workflow")]

    def __str__(self) -> str:
        return self.label or self.name


class Transition(models.Model):
    """An arrow from one outlet of an activity to another activity."""

    source = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="outgoing", verbose_name=_("source activity")
    )
    outlet = models.CharField(_("outlet"), max_length=100, default="out")
    target = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="incoming", verbose_name=_("target activity")
    )

    class Meta:
        verbose_name = _("transition")
        verbose_name_plural = _("transitions")
        constraints = [models.UniqueConstraint(fields=["source", "outlet", "target"], name="transition_drawn_once")]
