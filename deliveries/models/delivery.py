"""Deliveries: their states, kinds, series and counters."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.states import SlugChoices, StateMachine
from deliveries.models.settings import ContentFields, SendingFields
from deliveries.models.template import DeliveryTemplate
from operations.models import Activity, ActivityRun, Operation, WorkflowRun

NO_PROOF_FROM_RECURRING = _(
    "No proof can be sent from a recurring delivery: its target exists only when the workflow runs. "
    "Use an e-mail delivery activity to send a proof of this content, or preview the next occurrence on screen."
)


class DeliveryState(SlugChoices):
    EDITED = 0, _("Being edited")
    TARGET_PENDING = 11, _("Targeting pending")
    TARGET_COUNTING = 12, _("Counting in progress")
    TARGET_READY = 15, _("Target ready")
    MESSAGE_PREPARING = 22, _("Personalization in progress")
    MESSAGE_READY = 25, _("Message finalized")
    PREPARATION_FAILED = 37, _("Personalization or count failed")
    READY = 45, _("Ready to be delivered")
    START_PENDING = 51, _("Start pending")
    IN_PROGRESS = 55, _("In progress")
    RETRY_PENDING = 61, _("Recovery pending")
    PAUSING = 71, _("Pause requested")
    PAUSED = 75, _("Paused")
    STOPPED = 85, _("Stopped")
    FAILED = 87, _("Failed")
    FINISHED = 95, _("Finished")


S = DeliveryState
_ANALYSIS = [S.EDITED, S.PREPARATION_FAILED, S.STOPPED]
_MOVES: dict[int, list[int]] = {
    S.EDITED: [S.TARGET_PENDING, S.STOPPED],
    S.TARGET_PENDING: [S.TARGET_COUNTING, *_ANALYSIS],
    S.TARGET_COUNTING: [S.TARGET_READY, *_ANALYSIS],
    S.TARGET_READY: [S.MESSAGE_PREPARING, S.TARGET_PENDING, *_ANALYSIS],
    S.MESSAGE_PREPARING: [S.MESSAGE_READY, *_ANALYSIS],
    S.MESSAGE_READY: [S.READY, *_ANALYSIS],
    S.PREPARATION_FAILED: [S.EDITED, S.TARGET_PENDING, S.STOPPED],
    S.READY: [S.EDITED, S.TARGET_PENDING, S.START_PENDING, S.STOPPED],
    S.START_PENDING: [S.IN_PROGRESS, S.PAUSING, S.PAUSED, S.STOPPED, S.FAILED],
    S.IN_PROGRESS: [S.RETRY_PENDING, S.PAUSING, S.STOPPED, S.FAILED, S.FINISHED],
    S.RETRY_PENDING: [S.IN_PROGRESS, S.PAUSING, S.STOPPED, S.FAILED, S.FINISHED],
    S.PAUSING: [S.PAUSED, S.START_PENDING, S.STOPPED, S.FAILED, S.FINISHED],
    S.PAUSED: [S.START_PENDING, S.STOPPED, S.FAILED],
    S.STOPPED: [],
    S.FAILED: [],
    S.FINISHED: [],
}
DELIVERY_MOVES = StateMachine("state", _MOVES)
# A continuous delivery is fed again after it has finished; its later analyses live in `Preparation` alone.
CONTINUOUS_MOVES = StateMachine("state", {**_MOVES, S.FINISHED: [S.START_PENDING, S.STOPPED]})

ANALYSIS_STATES = [S.TARGET_PENDING, S.TARGET_COUNTING, S.TARGET_READY, S.MESSAGE_PREPARING, S.MESSAGE_READY]
SENDING_STATES = [S.IN_PROGRESS, S.RETRY_PENDING, S.PAUSING]
FINAL_STATES = [S.STOPPED, S.FAILED, S.FINISHED]


class DeliveryKind(models.TextChoices):
    ONE_OFF = "one_off", _("One-off")
    RECURRING = "recurring", _("Recurring")
    CONTINUOUS = "continuous", _("Continuous")
    PROOF = "proof", _("Proof")


class RequestedAction(models.TextChoices):
    """How far an activity (or a person) asked the delivery to go."""

    SAVE = "save", _("Save")
    ESTIMATE = "estimate", _("Estimate the target")
    PREPARE = "prepare", _("Prepare")
    PREPARE_AND_START = "prepare_and_start", _("Prepare and start")


class DeliverySeries(models.Model):
    """All occurrences that one recurring delivery activity produced."""

    activity = models.OneToOneField(
        Activity, on_delete=models.PROTECT, related_name="delivery_series", verbose_name=_("activity")
    )
    label = models.CharField(_("label"), max_length=250)
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="delivery_series", verbose_name=_("operation")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("recurring series")
        verbose_name_plural = pgettext_lazy("plural", "recurring series")

    def __str__(self) -> str:
        return self.label


class Counters(models.Model):
    """One column per broadlog status, and what tracking adds; equal to the rows at every commit."""

    targeted = models.PositiveBigIntegerField(_("targeted"), default=0, editable=False)
    ignored = models.PositiveBigIntegerField(_("ignored"), default=0, editable=False)
    # `pending` excludes rows in doubt, which are counted apart.
    pending = models.PositiveBigIntegerField(_("pending"), default=0, editable=False)
    in_doubt = models.PositiveBigIntegerField(_("in doubt"), default=0, editable=False)
    sent = models.PositiveBigIntegerField(_("sent"), default=0, editable=False)
    failed = models.PositiveBigIntegerField(_("failed"), default=0, editable=False)
    cancelled = models.PositiveBigIntegerField(_("cancelled"), default=0, editable=False)
    not_applicable = models.PositiveBigIntegerField(_("not applicable"), default=0, editable=False)
    prepared = models.PositiveBigIntegerField(_("prepared"), default=0, editable=False)
    sent_to_provider = models.PositiveBigIntegerField(_("sent to the provider"), default=0, editable=False)
    taken_into_account = models.PositiveBigIntegerField(_("taken into account"), default=0, editable=False)
    received_on_mobile = models.PositiveBigIntegerField(_("received on mobile"), default=0, editable=False)
    # Distinct broadlogs with at least one such hit.
    opened = models.PositiveBigIntegerField(_("opened"), default=0, editable=False)
    clicked = models.PositiveBigIntegerField(_("clicked"), default=0, editable=False)
    unsubscribed = models.PositiveBigIntegerField(_("unsubscribed"), default=0, editable=False)

    STATUS_COUNTERS = (
        "ignored",
        "pending",
        "in_doubt",
        "sent",
        "failed",
        "cancelled",
        "not_applicable",
        "prepared",
        "sent_to_provider",
        "taken_into_account",
        "received_on_mobile",
    )
    TRACKING_COUNTERS = ("opened", "clicked", "unsubscribed")

    class Meta:
        abstract = True

    def counts(self) -> dict[str, int]:
        """Every counter by name, `to_deliver` included."""
        names = ("targeted", *self.STATUS_COUNTERS, *self.TRACKING_COUNTERS)
        return {**{name: getattr(self, name) for name in names}, "to_deliver": self.targeted - self.ignored}


class Delivery(ContentFields, SendingFields, Counters):
    label = models.CharField(_("label"), max_length=250)
    kind = models.CharField(_("kind"), max_length=12, choices=DeliveryKind.choices, default=DeliveryKind.ONE_OFF)
    state = models.SmallIntegerField(
        _("state"), choices=DeliveryState.choices, default=DeliveryState.EDITED, editable=False
    )
    template = models.ForeignKey(
        DeliveryTemplate, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("template"), related_name="+"
    )
    operation = models.ForeignKey(
        Operation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("operation"),
        related_name="deliveries",
    )
    # The activity and run that made it; a continuous delivery keeps its first run, each Preparation its own.
    activity = models.ForeignKey(
        Activity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        editable=False,
        verbose_name=_("activity"),
    )
    workflow_run = models.ForeignKey(
        WorkflowRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        editable=False,
        verbose_name=_("run"),
    )
    task = models.OneToOneField(
        ActivityRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="delivery",
        editable=False,
        verbose_name=_("task"),
    )
    series = models.ForeignKey(
        DeliverySeries,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="occurrences",
        editable=False,
        verbose_name=_("recurring series"),
    )
    occurrence = models.PositiveIntegerField(_("occurrence"), null=True, blank=True, editable=False)
    proof_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="proofs",
        editable=False,
        verbose_name=_("proof of"),
    )
    # Copied from `proof_of` so that the database itself can refuse a proof of a recurring delivery.
    proof_of_kind = models.CharField(max_length=12, blank=True, default="", editable=False)
    proof_number = models.PositiveIntegerField(_("proof number"), null=True, blank=True, editable=False)
    # FILTER or {"list": id}: only on a one-off delivery outside a workflow.
    target = models.JSONField(_("target"), null=True, blank=True)
    # {"recipients": [id…]} or {"addresses": ["a@b"]}: only on a proof.
    proof_target = models.JSONField(_("proof target"), null=True, blank=True, editable=False)
    requested_action = models.CharField(
        max_length=20,
        choices=RequestedAction.choices,
        default=RequestedAction.SAVE,
        editable=False,
        verbose_name=_("requested action"),
    )
    contact_date = models.DateTimeField(_("contact date"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True, editable=False)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    # People whom no earlier occurrence of the series had reached; counted when the occurrence is over.
    new_people = models.PositiveBigIntegerField(_("new people"), null=True, blank=True, editable=False)
    stop_requested = models.BooleanField(_("stop requested"), default=False, editable=False)
    error = models.TextField(_("error"), blank=True, default="", editable=False)
    # Rows of its logs were deleted because they were old: from then on the counters are the account.
    rows_purged = models.BooleanField(_("log deleted"), default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        permissions = [
            ("prepare_delivery", "Can prepare deliveries"),
            ("start_delivery", "Can start, pause and stop deliveries"),
            ("proof_delivery", "Can send proofs"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
            models.CheckConstraint(condition=models.Q(kind__in=DeliveryKind.values), name="delivery_kind_is_known"),
            models.CheckConstraint(
                condition=~models.Q(kind="proof") | ~models.Q(proof_of_kind="recurring"),
                name="delivery_no_proof_of_recurring",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="proof") | models.Q(proof_of__isnull=True), name="delivery_only_proofs_prove"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="recurring")
                | models.Q(series__isnull=False, occurrence__isnull=False, operation__isnull=False),
                name="delivery_recurring_is_numbered_in_a_series",
            ),
            models.UniqueConstraint(fields=["series", "occurrence"], name="delivery_occurrence_once_per_series"),
            models.UniqueConstraint(fields=["proof_of", "proof_number"], name="delivery_proof_number_once"),
            models.UniqueConstraint(
                fields=["activity"],
                condition=models.Q(kind="continuous") & ~models.Q(state__in=[85, 87]),
                name="delivery_one_continuous_per_activity",
            ),
        ]
        indexes = [
            # Pickers and dispatch look for deliveries at work; finished ones are the many.
            models.Index(fields=["state"], name="delivery_at_work", condition=models.Q(state__lt=85)),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        super().clean()
        if self.kind == DeliveryKind.PROOF and self.refuses_proofs_of(self.proof_of):
            raise ValidationError({"proof_of": NO_PROOF_FROM_RECURRING})

    @staticmethod
    def refuses_proofs_of(delivery: Delivery | None) -> bool:
        return delivery is not None and delivery.kind == DeliveryKind.RECURRING

    @property
    def moves(self) -> StateMachine:
        return CONTINUOUS_MOVES if self.kind == DeliveryKind.CONTINUOUS else DELIVERY_MOVES
