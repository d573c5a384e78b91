"""Parts: up to 1,000 consecutive broadlogs, the unit that an MTA claims under a lease."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.states import SlugChoices, StateMachine
from deliveries.models.delivery import Delivery
from deliveries.models.preparation import Preparation


class PartState(SlugChoices):
    HELD = 0, _("Waiting for confirmation")
    DUE = 1, _("Due")
    CLAIMED = 2, _("Claimed")
    DONE = 3, _("Done")


PART_MOVES = StateMachine(
    "state",
    {
        PartState.HELD: [PartState.DUE, PartState.DONE],
        PartState.DUE: [PartState.CLAIMED, PartState.DONE],
        PartState.CLAIMED: [PartState.DUE, PartState.DONE],
        PartState.DONE: [],
    },
)


class DeliveryPart(models.Model):
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="parts", verbose_name=_("delivery"))
    preparation = models.ForeignKey(
        Preparation, on_delete=models.CASCADE, related_name="parts", verbose_name=_("analysis")
    )
    # Broadlog numbers, both included. Rows of another delivery may lie between them: readers filter by delivery.
    first_id = models.BigIntegerField(_("first row"))
    last_id = models.BigIntegerField(_("last row"))
    size = models.PositiveIntegerField(_("rows"))
    state = models.SmallIntegerField(_("state"), choices=PartState.choices, default=PartState.HELD)
    # Due again from here: after a soft failure, the next attempt.
    due_at = models.DateTimeField(_("due at"))
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    # How often in a row a sender died with it and had got nowhere.
    crashes = models.PositiveSmallIntegerField(_("crashes"), default=0, db_default=0)
    # What is left of it waits for a receiver that takes no more now: whom and why, until `due_at`.
    throttled_by = models.CharField(_("waits for"), max_length=255, blank=True, default="", db_default="")
    throttle_reason = models.CharField(_("reason"), max_length=1000, blank=True, default="", db_default="")
    # Who holds it: the token guards every write, the uid is that of the process and of its journal.
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_by = models.CharField(_("claimed by"), max_length=64, blank=True, default="")
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "first_id"], name="part_begins_once"),
            models.CheckConstraint(
                condition=~models.Q(state=2) | models.Q(claim_token__isnull=False, lease_until__isnull=False),
                name="part_claimed_has_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="part_open", condition=models.Q(state__lt=3)),
        ]
