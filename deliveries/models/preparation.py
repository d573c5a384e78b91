"""One analysis of a delivery: its counts, its exclusions, the content it froze, and its journal."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import read
from common.states import SlugChoices, StateMachine
from deliveries.models.content import ContentVersion
from deliveries.models.delivery import Delivery, RequestedAction
from operations.models import ActivityRun, Population, WorkflowRun


class PreparationState(SlugChoices):
    """The stage that was committed last; a killed analysis goes on from there."""

    REQUESTED = 0, _("Requested")
    TARGETED = 1, _("Target counted")
    CONTENT_FROZEN = 2, _("Content frozen")
    READY = 3, _("Ready")
    CONFIRMED = 4, _("Confirmed")
    FAILED = 5, _("Failed")
    CANCELLED = 6, _("Cancelled")
    ESTIMATED = 7, _("Estimated")


P = PreparationState
PREPARATION_MOVES = StateMachine(
    "state",
    {
        P.REQUESTED: [P.TARGETED, P.ESTIMATED, P.FAILED, P.CANCELLED],
        P.TARGETED: [P.CONTENT_FROZEN, P.FAILED, P.CANCELLED],
        P.CONTENT_FROZEN: [P.READY, P.FAILED, P.CANCELLED],
        P.READY: [P.CONFIRMED, P.CANCELLED],
        P.CONFIRMED: [],
        P.FAILED: [P.REQUESTED, P.CANCELLED],
        P.CANCELLED: [],
        P.ESTIMATED: [P.CANCELLED],
    },
)


class Preparation(models.Model):
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="preparations", verbose_name=_("delivery")
    )
    number = models.PositiveIntegerField(_("number"))
    state = models.SmallIntegerField(_("state"), choices=PreparationState.choices, default=PreparationState.REQUESTED)
    requested_action = models.CharField(
        max_length=20, choices=RequestedAction.choices, verbose_name=_("requested action")
    )
    workflow_run = models.ForeignKey(
        WorkflowRun, on_delete=models.PROTECT, null=True, blank=True, related_name="preparations", verbose_name=_("run")
    )
    task = models.OneToOneField(
        ActivityRun, on_delete=models.PROTECT, null=True, blank=True, related_name="preparation", verbose_name=_("task")
    )
    # The set that the inbound transition carried; empty for a delivery with its own target and for proofs.
    population = models.ForeignKey(
        Population, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("population")
    )
    content_version = models.ForeignKey(
        ContentVersion, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("content version")
    )
    # What the analysis was made of: checked again at confirmation.
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    targeted = models.PositiveBigIntegerField(_("targeted"), default=0)
    ignored = models.PositiveBigIntegerField(_("ignored"), default=0)
    to_deliver = models.PositiveBigIntegerField(_("to deliver"), default=0)
    # Reason slug → number of people.
    ignored_counts = models.JSONField(_("exclusions"), default=dict, blank=True)
    already_in_delivery = models.PositiveBigIntegerField(_("already in the delivery"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True, verbose_name=_("lease until"))
    error = models.TextField(_("error"), blank=True, default="")
    requested_at = models.DateTimeField(_("requested at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("analysis")
        verbose_name_plural = _("analyses")
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="preparation_number_once")]
        indexes = [
            models.Index(fields=["state"], name="preparation_at_work", condition=models.Q(state__lte=2)),
        ]


class PreparationLog(models.Model):
    class Level(models.TextChoices):
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    preparation = models.ForeignKey(
        Preparation, on_delete=models.CASCADE, related_name="log", verbose_name=_("analysis")
    )
    at = models.DateTimeField(_("at"))
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, default=Level.INFO)
    # As the writer said it: for rows without a sentence.
    message = models.TextField(_("message"))
    sentence = models.JSONField(_("sentence"), null=True, blank=True, default=None)

    class Meta:
        verbose_name = _("analysis message")
        verbose_name_plural = _("analysis log")

    @property
    def text(self) -> str:
        """The message in the reader's language."""
        return read(self.sentence, fallback=self.message)
