"""The analysis: three stages, one transaction each; a killed one goes on from the stage that was committed last."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from common.sql import truncate_error
from deliveries.confirmation import confirm_preparation
from deliveries.content.versions import freeze
from deliveries.counters import move_counts
from deliveries.models import Delivery, DeliveryKind, DeliveryState, Preparation, RequestedAction
from deliveries.models import PreparationState as P
from deliveries.models.delivery import ANALYSIS_STATES, FINAL_STATES
from deliveries.models.preparation import PREPARATION_MOVES
from deliveries.preparation.controls import control
from deliveries.preparation.fingerprint import fingerprint
from deliveries.preparation.journal import Level, has_warnings, write
from deliveries.preparation.parts import cut_parts
from deliveries.preparation.request import lead
from deliveries.preparation.target import TargetCounts, estimate, fill
from deliveries.preparation.void import WORKING_STATES, discard_rows, wake
from operations.workflow.pump import pickers
from recipients.vocabulary import FailureReason

logger = logging.getLogger("diffusion.deliveries")
# For a worker that died. A living one holds the row's lock while it works, however long: it is passed over.
LEASE = timedelta(minutes=1)
ApprovalMode = Delivery.ApprovalMode


class DeliveryEnded(Exception):
    """The delivery was stopped while its analysis worked."""


@dataclass(frozen=True)
class Stage:
    """What follows one committed state: the state that the delivery shows meanwhile, and the work."""

    shows: DeliveryState
    work: Callable[[Preparation, datetime], None]


@pickers.register("prepare deliveries")
def prepare_due(now: datetime) -> int:
    """Run every analysis that is asked for and that nobody works on; return how many."""
    due = list(_due(now).order_by("-delivery__priority", "pk"))
    return sum(run_preparation(preparation=preparation, now=now) for preparation in due)


def run_preparation(*, preparation: Preparation, now: datetime) -> bool:
    """Run the analysis to its end, unless somebody else does (then False)."""
    if not _take(preparation, now):
        return False
    preparation.refresh_from_db()
    while preparation.state in STAGES and _run_stage(preparation, now):
        preparation.refresh_from_db()
    return True


@transaction.atomic
def _take(preparation: Preparation, now: datetime) -> bool:
    free = _due(now).filter(pk=preparation.pk).select_for_update(of=("self",), skip_locked=True)
    if not list(free.values_list("pk", flat=True)):
        return False
    return bool(Preparation.objects.filter(pk=preparation.pk).update(lease_until=now + LEASE))


def _due(now: datetime) -> QuerySet[Preparation]:
    # One at a time for each delivery: rows of two analyses never mix, and each sees whom the former wrote to.
    earlier = Preparation.objects.filter(delivery=OuterRef("delivery"), pk__lt=OuterRef("pk"), state__in=WORKING_STATES)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return Preparation.objects.filter(free, ~Exists(earlier), state__in=WORKING_STATES)


def _run_stage(preparation: Preparation, now: datetime) -> bool:
    """Run the stage that follows; False when the analysis is over or in other hands."""
    stage = STAGES[P(preparation.state)]
    try:
        _announce(preparation, stage)
        with transaction.atomic():
            locked = (
                Preparation.objects.select_for_update(of=("self",)).select_related("delivery").get(pk=preparation.pk)
            )
            # A lease that expired let another worker in: what it committed is not done twice.
            if locked.state != preparation.state:
                return False
            stage.work(locked, now)
    except DeliveryEnded:
        _end_with_delivery(preparation, now)
    except (OperationalError, InterfaceError):
        # The database's fault: the stage stays due.
        raise
    except Exception as error:
        logger.warning("analysis %s of delivery %s failed", preparation.pk, preparation.delivery_id, exc_info=True)
        _fail(preparation, error, now)
    return True


@transaction.atomic
def _announce(preparation: Preparation, stage: Stage) -> None:
    """Let everybody see what the analysis is doing while it does it."""
    delivery = _lock_delivery(preparation)
    if preparation.state == P.REQUESTED:
        lead(delivery, preparation.requested_action)
    if delivery.state in ANALYSIS_STATES and delivery.state != stage.shows:
        delivery.moves.move(delivery, to=stage.shows)


def _lock_delivery(preparation: Preparation) -> Delivery:
    delivery = Delivery.objects.select_for_update().get(pk=preparation.delivery_id)
    ended = delivery.state in FINAL_STATES and delivery.state != DeliveryState.FINISHED
    if ended or delivery.stop_requested:
        raise DeliveryEnded
    return delivery


def _follow(preparation: Preparation, to: DeliveryState) -> Delivery:
    """Move the delivery along; one that is being sent already (a continuous one) keeps its state."""
    delivery = _lock_delivery(preparation)
    if delivery.state in ANALYSIS_STATES:
        delivery.moves.move(delivery, to=to)
    return delivery


def _target(preparation: Preparation, now: datetime) -> None:
    started = monotonic()
    if preparation.requested_action == RequestedAction.ESTIMATE:
        _end_estimate(preparation, estimate(preparation), started, now)
        return
    control(preparation, after_targeting=False, now=now)
    counts = fill(preparation, now=now)
    PREPARATION_MOVES.move(preparation, to=P.TARGETED, lease_until=now + LEASE, **counts.columns())
    control(preparation, after_targeting=True, now=now)
    _log_counts(preparation, started, now)
    move_counts(preparation.delivery_id, counts.rows)
    _follow(preparation, DeliveryState.TARGET_READY)


def _end_estimate(preparation: Preparation, counts: TargetCounts, started: float, now: datetime) -> None:
    PREPARATION_MOVES.move(preparation, to=P.ESTIMATED, ended_at=now, lease_until=None, **counts.columns())
    _log_counts(preparation, started, now)
    _follow(preparation, DeliveryState.TARGET_READY)
    wake(preparation, now=now)


def _freeze_content(preparation: Preparation, now: datetime) -> None:
    started = monotonic()
    preparation.content_version = version = freeze(preparation.delivery)
    mark = fingerprint(preparation, preparation.delivery)
    changes = {"content_version": version, "fingerprint": mark, "lease_until": now + LEASE}
    PREPARATION_MOVES.move(preparation, to=P.CONTENT_FROZEN, **changes)
    message = gettext_noop("Content version %(number)d frozen in %(seconds).1f s.")
    numbers = {"number": version.number, "seconds": monotonic() - started}
    write(preparation, Sentence(message, numbers), now=now)
    _follow(preparation, DeliveryState.MESSAGE_READY)


def _cut(preparation: Preparation, now: datetime) -> None:
    started = monotonic()
    parts = cut_parts(preparation, due_at=preparation.delivery.contact_date or now)
    PREPARATION_MOVES.move(preparation, to=P.READY, ended_at=now, lease_until=None)
    message = gettext_noop("%(number)d messages ready in %(parts)d parts, cut in %(seconds).1f s.")
    numbers = {"number": preparation.to_deliver, "parts": parts, "seconds": monotonic() - started}
    write(preparation, Sentence(message, numbers), now=now)
    delivery = _follow(preparation, DeliveryState.READY)
    if _starts_by_itself(preparation, delivery):
        confirm_preparation(preparation, delivery, now=now, contact_date=delivery.contact_date)
        message = gettext_noop("Confirmed by the approval mode of the delivery.")
        write(preparation, Sentence(message), now=now)
    wake(preparation, now=now)


def _starts_by_itself(preparation: Preparation, delivery: Delivery) -> bool:
    if preparation.requested_action != RequestedAction.PREPARE_AND_START:
        return False
    if delivery.kind == DeliveryKind.PROOF or delivery.approval_mode == ApprovalMode.AUTOMATIC:
        return True
    return delivery.approval_mode == ApprovalMode.SEMI_AUTOMATIC and not has_warnings(preparation)


def _log_counts(preparation: Preparation, started: float, now: datetime) -> None:
    for sentence in _counts_said(preparation, monotonic() - started):
        write(preparation, sentence, now=now)
    if not preparation.to_deliver:
        write(preparation, Sentence(gettext_noop("Nobody is left to deliver to.")), now=now, level=Level.WARNING)


def _counts_said(preparation: Preparation, seconds: float) -> Iterator[Sentence]:
    numbers = {name: getattr(preparation, name) for name in ("targeted", "ignored", "to_deliver")}
    yield Sentence(
        gettext_noop(
            "%(targeted)d people targeted, %(ignored)d ignored, %(to_deliver)d to deliver, in %(seconds).1f s."
        ),
        {**numbers, "seconds": seconds},
    )
    for slug, number in preparation.ignored_counts.items():
        reason = Sentence.of(FailureReason.from_slug(slug).label)
        yield Sentence(gettext_noop("Ignored, %(reason)s: %(number)d."), {"reason": reason, "number": number})
    if preparation.already_in_delivery:
        number = preparation.already_in_delivery
        yield Sentence(gettext_noop("Already in the delivery: %(number)d."), {"number": number})


@transaction.atomic
def _fail(preparation: Preparation, error: Exception, now: datetime) -> None:
    """Take back what was written and say what was wrong, on the analysis and on the delivery that it leads."""
    locked = Preparation.objects.select_for_update().get(pk=preparation.pk)
    if locked.state not in WORKING_STATES:
        return
    reason = truncate_error(error)
    discard_rows(locked)
    PREPARATION_MOVES.move(locked, to=P.FAILED, error=reason, ended_at=now, lease_until=None)
    write(locked, reason, now=now, level=Level.ERROR)
    delivery = Delivery.objects.select_for_update().get(pk=locked.delivery_id)
    if delivery.state in ANALYSIS_STATES:
        delivery.moves.move(delivery, to=DeliveryState.PREPARATION_FAILED, error=reason)
    wake(locked, now=now)


@transaction.atomic
def _end_with_delivery(preparation: Preparation, now: datetime) -> None:
    # Rows written before the stop are cancelled with the delivery and stay in its account.
    working = Preparation.objects.filter(pk=preparation.pk, state__in=WORKING_STATES)
    PREPARATION_MOVES.move_all(working, to=P.CANCELLED, ended_at=now, lease_until=None)
    wake(preparation, now=now)


STAGES = {
    P.REQUESTED: Stage(DeliveryState.TARGET_COUNTING, _target),
    P.TARGETED: Stage(DeliveryState.MESSAGE_PREPARING, _freeze_content),
    P.CONTENT_FROZEN: Stage(DeliveryState.MESSAGE_READY, _cut),
}
