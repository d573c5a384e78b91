"""What a receiver taught us, shared by all processes: how much of its rate it takes, until when it gets nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import IllegalState
from deliveries.models import GroupState

# A receiver that asks for less gets half; more of its requests within this time are about the same excess.
HALVED_AT_MOST_EVERY = timedelta(seconds=10)
LEAST_FACTOR = 1 / 32
RECOVERY_PER_MINUTE = 0.1
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=30), timedelta(hours=4)
# A receiver that has been well for this long is paused briefly again.
FORGET_PAUSES_AFTER = timedelta(hours=12)
REASON_LENGTH = 1000


class NotPaused(IllegalState):
    """This receiver gets its messages."""


@dataclass(frozen=True, slots=True)
class State:
    factor: float = 1.0
    factor_changed_at: datetime | None = None
    # Messages per second that left when it first asked for less, over all processes.
    measured_rate: float | None = None
    paused: bool = False
    paused_until: datetime | None = None
    reason: str = ""
    suspected: str = ""

    def factor_at(self, now: datetime) -> float:
        """It grows back by itself, the same amount each minute."""
        if self.factor_changed_at is None:
            return self.factor
        minutes = max(0.0, (now - self.factor_changed_at).total_seconds() / 60)
        return min(1.0, self.factor + RECOVERY_PER_MINUTE * minutes)

    def is_paused(self, now: datetime) -> bool:
        return self.paused or (self.paused_until is not None and self.paused_until > now)

    def matters(self, now: datetime) -> bool:
        return self.is_paused(now) or self.factor_at(now) < 1 or bool(self.suspected)


WELL = State()


def read_states(route_id: int, affinity: str, now: datetime) -> dict[str, State]:
    """By receiver, those that are not well."""
    rows = GroupState.objects.filter(
        Q(paused=True) | Q(paused_until__gt=now) | Q(factor__lt=1) | ~Q(suspected=""), route=route_id, affinity=affinity
    )
    states = {row.receiver: state_of(row) for row in rows}
    return {receiver: state for receiver, state in states.items() if state.matters(now)}


def state_of(row: GroupState) -> State:
    return State(
        row.factor,
        row.factor_changed_at,
        row.measured_rate,
        row.paused,
        row.paused_until,
        row.reason,
        row.suspected,
    )


@transaction.atomic
def slow_down(route_id: int, affinity: str, receiver: str, *, rate: float, reason: str, now: datetime) -> None:
    """Halve what the receiver gets; `rate` is what it gets now, for when nothing else says how much that is."""
    row = _locked(route_id, affinity, receiver)
    state = state_of(row)
    changed_at = row.factor_changed_at
    if changed_at is not None and now - changed_at < HALVED_AT_MOST_EVERY:
        return
    factor = state.factor_at(now)
    if factor >= 1 or row.measured_rate is None:
        row.measured_rate = rate
    row.factor, row.factor_changed_at = max(LEAST_FACTOR, factor / 2), now
    if not state.is_paused(now):
        row.reason = reason[:REASON_LENGTH]
    row.save(update_fields=["factor", "factor_changed_at", "measured_rate", "reason"])


@transaction.atomic
def pause_receiver(
    route_id: int, affinity: str, receiver: str, *, reason: str, now: datetime, suspected: str | None = None
) -> None:
    """For half an hour, and twice as long each time it happens again; what says the same of a pause adds nothing."""
    row = _locked(route_id, affinity, receiver)
    if suspected is not None and row.suspected != suspected:
        row.suspected = suspected
        row.save(update_fields=["suspected"])
    if state_of(row).is_paused(now):
        return
    if row.paused_until is not None and now - row.paused_until > FORGET_PAUSES_AFTER:
        row.pauses = 0
    row.paused_until = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.pauses, 10))
    row.pauses += 1
    row.reason = reason[:REASON_LENGTH]
    row.save(update_fields=["paused_until", "pauses", "reason"])


@transaction.atomic
def hold_receiver(route_id: int, affinity: str, receiver: str, *, reason: str) -> None:
    """Nothing to it until somebody resumes it."""
    row = _locked(route_id, affinity, receiver)
    row.paused, row.paused_until, row.reason = True, None, reason[:REASON_LENGTH]
    row.save(update_fields=["paused", "paused_until", "reason"])


def resume_receiver(row: GroupState, *, now: datetime) -> None:
    """It gets its messages again, at its full rate, and its refusals count. Raises NotPaused."""
    troubled = Q(paused=True) | Q(paused_until__gt=now) | Q(factor__lt=1) | ~Q(suspected="")
    resumed = GroupState.objects.filter(troubled, pk=row.pk).update(
        paused=False, paused_until=None, pauses=0, factor=1.0, factor_changed_at=None, suspected="", reason=""
    )
    if not resumed:
        raise NotPaused(_("This receiver is neither paused nor slowed down."))


def trust_receiver(route_id: int, affinity: str, receiver: str) -> None:
    """It took a message: what it refused for good counts again, and its next pause is a first one."""
    rows = GroupState.objects.filter(route=route_id, affinity=affinity, receiver=receiver)
    rows.exclude(suspected="").update(suspected="", pauses=0)


def _locked(route_id: int, affinity: str, receiver: str) -> GroupState:
    made = GroupState(route_id=route_id, affinity=affinity, receiver=receiver)
    GroupState.objects.bulk_create([made], ignore_conflicts=True)
    return GroupState.objects.select_for_update().get(route=route_id, affinity=affinity, receiver=receiver)
