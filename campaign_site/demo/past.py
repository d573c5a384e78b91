"""Twelve past mornings of the birthday series: run by the real engine and analysis, sent and visited in sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, QuerySet, Value
from django.db.models.functions import Mod

from campaign_site.demo.story import BIRTHDAY_ENTRY, Story
from common.sql import insert_from_select
from deliveries.counters import move_counts
from deliveries.lifecycle import settle_delivery
from deliveries.models import MESSAGE_MOVES, Broadlog, Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from operations import services
from operations.models import WorkflowRun
from operations.models.run import FINAL_RUN_STATES
from operations.workflow.pump import pump_once
from recipients.vocabulary import FailureReason, FailureType
from tracking.models import DeliveryMark, HitKind, TrackingLog, Verdict

MORNINGS = 12
MOST_ROUNDS = 200


def add_past_mornings(story: Story, *, before: datetime, show: Callable[[int], None]) -> None:
    """Run the birthday workflow for each of the mornings before `before`, its scheduled instant."""
    for number in range(MORNINGS):
        add_morning(story, before - timedelta(days=MORNINGS - number))
        show(number + 1)


def add_morning(story: Story, instant: datetime) -> None:
    run, created = services.run_now(workflow=story.birthday, now=instant, scheduled_for=instant, entry=BIRTHDAY_ENTRY)
    if not created:
        return
    _pump(run, instant)
    delivery = Delivery.objects.filter(workflow_run=run).first()
    if delivery is None:
        return
    sent_at = instant + timedelta(minutes=3)
    with transaction.atomic():
        _send(delivery, sent_at)
        settle_delivery(delivery.pk, now=sent_at)
        _visit(delivery, sent_at)


def _pump(run: WorkflowRun, instant: datetime) -> None:
    for _ in range(MOST_ROUNDS):
        pump_once(instant)
        run.refresh_from_db()
        if run.state in FINAL_RUN_STATES and not _waits_to_start(run):
            return


def _waits_to_start(run: WorkflowRun) -> bool:
    return Delivery.objects.filter(workflow_run=run, state=DeliveryState.START_PENDING).exists()


def _send(delivery: Delivery, at: datetime) -> None:
    pending = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.PENDING)
    unlucky = pending.annotate(share=Mod(F("pk"), Value(50))).filter(share=7)
    failed = MESSAGE_MOVES.move_all(
        Broadlog.objects.filter(pk__in=list(unlucky.values_list("pk", flat=True))),
        to=MessageStatus.FAILED,
        failure_type=FailureType.HARD,
        failure_reason=FailureReason.USER_UNKNOWN,
        failure_detail="550 5.1.1 No such user",
        attempts=1,
        updated_at=at,
    )
    sent = MESSAGE_MOVES.move_all(pending, to=MessageStatus.SENT, attempts=1, updated_at=at)
    move_counts(delivery.pk, {"pending": -(failed + sent), "failed": failed, "sent": sent})
    DeliveryPart.objects.filter(delivery=delivery).update(state=PartState.DONE)


def _visit(delivery: Delivery, sent_at: datetime) -> None:
    """A third of the receivers open, a ninth click; as sets."""
    sent = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.SENT)
    opened = sent.annotate(share=Mod(F("pk"), Value(3))).filter(share=0)
    clicked = sent.annotate(share=Mod(F("pk"), Value(9))).filter(share=0)
    _add_hits(opened, HitKind.OPEN, sent_at + timedelta(hours=2))
    _add_hits(clicked, HitKind.CLICK, sent_at + timedelta(hours=2, minutes=1))
    DeliveryMark.objects.update_or_create(delivery=delivery, defaults={"stale_since": sent_at})


def _add_hits(rows: QuerySet[Broadlog, Any], kind: str, at: datetime) -> None:
    columns = ("delivery", "broadlog", "recipient", "kind", "at", "verdict", "user_agent")
    selected = rows.annotate(
        hit_kind=Value(kind),
        hit_at=Value(at, output_field=DateTimeField()),
        verdict=Value(Verdict.HUMAN.value),
        agent=Value("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
        broadlog=F("pk"),
    ).values_list("delivery_id", "broadlog", "recipient_id", "hit_kind", "hit_at", "verdict", "agent")
    insert_from_select(TrackingLog, columns, selected)
