"""Plans, programs and operations: the containers of workflows and deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from common.states import SlugChoices, StateMachine


class OperationState(SlugChoices):
    EDITED = 0, _("Being edited")
    STARTED = 1, _("Started")
    FINISHED = 2, _("Finished")
    CANCELLED = 3, _("Cancelled")


OPERATION_MOVES = StateMachine(
    "state",
    {
        OperationState.EDITED: [OperationState.STARTED, OperationState.CANCELLED],
        OperationState.STARTED: [OperationState.FINISHED, OperationState.CANCELLED],
        OperationState.FINISHED: [OperationState.STARTED],
        OperationState.CANCELLED: [],
    },
)


class Period(models.Model):
    """From a day to a day, both included and both optional."""

    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)

    class Meta:
        abstract = True


class Plan(NamedModel, Period):
    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")


class Program(NamedModel, Period):
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="programs", verbose_name=_("plan")
    )

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")


class Operation(NamedModel):
    class Priority(models.IntegerChoices):
        LOW = 0, _("Low")
        NORMAL = 10, _("Normal")
        HIGH = 20, _("High")

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, null=True, blank=True, related_name="operations", verbose_name=_("program")
    )
    state = models.SmallIntegerField(
        _("state"), choices=OperationState.choices, default=OperationState.EDITED, editable=False
    )
    priority = models.SmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("owner")
    )
    description = models.TextField(_("description"), blank=True, default="")
    # A template is copied, never started; `duration_days` dates its copies.
    is_template = models.BooleanField(_("template"), default=False)
    duration_days = models.PositiveIntegerField(_("duration in days"), null=True, blank=True)
    copied_from = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="copies",
        editable=False,
        verbose_name=_("copied from"),
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("cancelled by"),
    )
    cancel_reason = models.TextField(_("reason of the cancellation"), blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        permissions = [("start_operation", "Can start operations"), ("cancel_operation", "Can cancel operations")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=OperationState.values), name="operation_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(starts_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="operation_ends_after_it_starts",
            ),
        ]
