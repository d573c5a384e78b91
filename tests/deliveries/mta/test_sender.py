from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from deliveries.models import Affinity, Broadlog, Delivery, DeliveryPart, DeliveryState, PartState, Route
from deliveries.mta import outcomes
from deliveries.mta import sender as sender_module
from deliveries.mta.journal import Journal
from installation.models import Process
from recipients.models import Quarantine, Recipient
from recipients.vocabulary import FailureReason
from tests.deliveries.mta.conftest import database, make_sender, run_until, send, wait_for
from tests.deliveries.mta.connectors import (
    BAD_PASSWORD,
    MAILBOX_FULL,
    NO_CONNECTION,
    NO_REPLY,
    USER_UNKNOWN,
    MemoryChannel,
    MemoryServer,
)
from tests.deliveries.mta.factories import counters, make_route, make_sending, rows_of, statuses

pytestmark = pytest.mark.usefixtures("in_loop", "channel")


def state_of(delivery: Delivery) -> DeliveryState:
    delivery.refresh_from_db()
    return DeliveryState(delivery.state)


def finished(*deliveries: Delivery) -> Callable[[], bool]:
    return lambda: all(state_of(delivery) == DeliveryState.FINISHED for delivery in deliveries)


def test_every_row_is_sent_once_and_the_delivery_finishes(server: MemoryServer) -> None:
    delivery = make_sending(120, part_size=50)

    send(finished(delivery))

    assert sorted(server.arrived) == sorted(row.address for row in rows_of(delivery))
    assert set(statuses(delivery)) == {"sent"}
    assert counters(delivery) == {"sent": 120}
    assert set(DeliveryPart.objects.values_list("state", flat=True)) == {PartState.DONE}


def test_as_many_sessions_as_the_route_allows_and_no_more_than_messages(server: MemoryServer) -> None:
    make_route(max_connections=3)
    send(finished(make_sending(1)))
    assert server.sessions == 1

    server.sessions, server.pace = 0, 0.01
    send(finished(make_sending(50)))
    assert server.sessions == 3


def test_each_reply_becomes_its_status(server: MemoryServer) -> None:
    delivery = make_sending(5)
    for number, answer in ((1, USER_UNKNOWN), (2, MAILBOX_FULL), (3, NO_REPLY), (4, NO_CONNECTION)):
        server.answers[f"person{number}@example.com"] = [answer]

    send(lambda: state_of(delivery) == DeliveryState.RETRY_PENDING)

    assert statuses(delivery) == ["failed", "pending", "in_doubt", "pending", "sent"]
    quarantined = Quarantine.objects.get(status=Quarantine.Status.QUARANTINED)
    assert quarantined.address == "person1@example.com"
    assert [row.failure_reason for row in rows_of(delivery)[:4]] == [
        FailureReason.USER_UNKNOWN,
        FailureReason.MAILBOX_FULL,
        FailureReason.OUTCOME_UNKNOWN,
        FailureReason.UNREACHABLE,
    ]


def test_a_message_that_can_not_be_made_fails_alone(server: MemoryServer) -> None:
    delivery = make_sending(4)
    for number, name in ((1, "broken"), (2, "skip"), (3, "poison")):
        Recipient.objects.filter(email=f"person{number}@example.com").update(first_name=name)

    send(finished(delivery))

    assert statuses(delivery) == ["failed", "not_applicable", "failed", "sent"]
    assert server.arrived == ["person4@example.com"]
    broken, _skipped, poison, _sent = rows_of(delivery)
    assert broken.failure_reason == poison.failure_reason == FailureReason.PERSONALISATION
    assert broken.failure_detail == "HTML, line 3: unknown field “nickname”"
    assert "division by zero" in poison.failure_detail


def test_a_message_refused_for_now_is_sent_when_its_time_has_come(server: MemoryServer) -> None:
    delivery = make_sending(1)
    server.answers["person1@example.com"] = [MAILBOX_FULL]

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(run_until(sender, finished(delivery)))
        await wait_for(lambda: state_of(delivery) == DeliveryState.RETRY_PENDING)
        await database(DeliveryPart.objects.update, due_at=timezone.now())
        await running

    asyncio.run(scenario())

    assert server.arrived == ["person1@example.com"] * 2
    assert (statuses(delivery), rows_of(delivery)[0].attempts) == (["sent"], 2)


@pytest.mark.parametrize(
    ("change", "rest", "state"),
    [
        ({"state": DeliveryState.PAUSING}, "pending", DeliveryState.PAUSED),
        ({"stop_requested": True}, "cancelled", DeliveryState.STOPPED),
    ],
    ids=["pause", "stop"],
)
def test_within_five_seconds_of_a_pause_or_a_stop_no_message_leaves(
    server: MemoryServer, change: dict[str, Any], rest: str, state: DeliveryState
) -> None:
    delivery = make_sending(2000)
    server.pace = 0.01
    asked: list[float] = []

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(run_until(sender, lambda: state_of(delivery) == state))
        await wait_for(lambda: len(server.arrived) > 20)
        await database(Delivery.objects.filter(pk=delivery.pk).update, **change)
        asked.append(time.monotonic())
        await running
        asked.append(time.monotonic())

    asyncio.run(scenario())

    assert asked[1] - asked[0] < 5
    assert 20 < len(server.arrived) < 2000
    assert counters(delivery) == {"sent": len(server.arrived), rest: 2000 - len(server.arrived)}
    assert not DeliveryPart.objects.filter(state=PartState.CLAIMED).exists()


def test_what_was_paused_is_sent_after_it_is_resumed_and_nobody_twice(server: MemoryServer) -> None:
    delivery = make_sending(1000)
    server.pace = 0.01

    async def scenario() -> None:
        running = asyncio.ensure_future(run_until(make_sender(), finished(delivery)))
        await wait_for(lambda: len(server.arrived) > 20)
        await database(Delivery.objects.filter(pk=delivery.pk).update, state=DeliveryState.PAUSING)
        await wait_for(lambda: state_of(delivery) == DeliveryState.PAUSED)
        await database(Delivery.objects.filter(pk=delivery.pk).update, state=DeliveryState.START_PENDING)
        await running

    asyncio.run(scenario())

    assert len(server.arrived) == len(set(server.arrived)) == 1000


def test_a_fault_of_ours_pauses_the_route_and_blames_nobody(server: MemoryServer) -> None:
    delivery = make_sending(50)
    server.always = BAD_PASSWORD

    send(lambda: Route.objects.get().paused and not DeliveryPart.objects.filter(state=2).exists())

    assert Route.objects.get().pause_reason == "535 bad login"
    assert set(statuses(delivery)) == {"pending"}
    assert {row.attempts for row in rows_of(delivery)} == {0}
    assert len(server.arrived) < 30
    assert not Quarantine.objects.exists()


def test_two_routes_do_not_wait_for_each_other(server: MemoryServer, channel: MemoryChannel) -> None:
    slow = make_sending(1)
    other = make_sending(40, route=Route.objects.create(channel="memory", label="other", internal_name="other"))

    async def scenario() -> None:
        server.replying = asyncio.Event()
        running = asyncio.ensure_future(run_until(make_sender(), finished(slow, other)))
        await wait_for(lambda: len(server.arrived) > 1)
        server.replying.set()
        await running

    asyncio.run(scenario())

    assert channel.connectors_made == 2
    assert counters(other) == {"sent": 40}


def test_the_process_says_that_it_is_alive_and_withdraws_at_the_end() -> None:
    seen: list[Process] = []

    def announced() -> bool:
        seen[:] = Process.objects.all()
        return bool(seen)

    send(announced, "gold")

    assert (seen[0].kind, seen[0].name, seen[0].affinities) == (Process.Kind.MTA, "default", ["gold"])
    assert not Process.objects.exists()


@pytest.mark.parametrize("restart", [False, True])
def test_it_ends_when_it_is_asked_to(restart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "HEARTBEAT_SECONDS", 0.1)
    asked: list[bool] = []

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(sender.run())
        await wait_for(lambda: Process.objects.exists())
        await database(Process.objects.update, stop_requested=True, restart_requested=restart)
        await asyncio.wait_for(running, 10)
        asked.append(sender.restart_requested)

    asyncio.run(scenario())

    assert asked == [restart]


def test_only_a_process_that_serves_the_affinity_sends(server: MemoryServer) -> None:
    gold = make_sending(1, affinity=Affinity.objects.create(name="gold"))
    plain = make_sending(1)

    send(finished(plain))
    assert statuses(gold) == ["pending"]

    send(finished(gold), "gold")
    assert statuses(gold) == ["sent"]


def test_sigterm_awaits_replies_and_gives_the_rest_back(server: MemoryServer, folder: Path) -> None:
    delivery = make_sending(500)
    server.pace = 0.05

    send(lambda: len(server.arrived) > 20)

    assert counters(delivery) == {"sent": len(server.arrived), "pending": 500 - len(server.arrived)}
    part = DeliveryPart.objects.get()
    assert (part.state, part.claimed_by) == (PartState.DUE, "")
    assert [path.suffix for path in folder.iterdir()] == [".done"]


def test_a_reply_that_does_not_come_within_the_drain_is_in_doubt(server: MemoryServer, settings: Any) -> None:
    settings.MTA_DRAIN_SECONDS = 1
    delivery = make_sending(10)

    async def scenario() -> None:
        server.replying = asyncio.Event()
        await run_until(make_sender(), lambda: len(server.arrived) == 4)

    asyncio.run(scenario())

    assert counters(delivery) == {"in_doubt": 4, "pending": 6}


def test_while_the_database_is_away_nothing_leaves_and_then_all_is_recorded(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_sending(400)
    server.pace = 0.01
    away = {"now": False}
    real = outcomes.write_outcomes

    def write(*arguments: Any) -> None:
        if away["now"]:
            raise OperationalError("the connection is lost")
        real(*arguments)

    monkeypatch.setattr(sender_module, "write_outcomes", write)
    monkeypatch.setattr(sender_module, "POLL_SECONDS", 0.1)

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(run_until(sender, finished(delivery)))
        await wait_for(lambda: len(server.arrived) > 20)
        away["now"] = True
        await wait_for(lambda: not sender.recording)
        await asyncio.sleep(0.1)
        so_far = len(server.arrived)
        await asyncio.sleep(0.5)
        assert len(server.arrived) == so_far < 400
        away["now"] = False
        await running

    asyncio.run(scenario())

    assert len(server.arrived) == len(set(server.arrived)) == 400
    assert counters(delivery) == {"sent": 400}


def test_while_the_journal_can_not_be_written_nothing_leaves(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_sending(200)
    server.pace = 0.01
    full = {"now": False}
    real = Journal._write

    def write(journal: Journal, line: bytes) -> None:
        if full["now"]:
            raise OSError("no space left on device")
        real(journal, line)

    monkeypatch.setattr(Journal, "_write", write)

    async def scenario() -> None:
        running = asyncio.ensure_future(run_until(make_sender(), finished(delivery)))
        await wait_for(lambda: len(server.arrived) > 20)
        full["now"] = True
        await asyncio.sleep(0.2)
        so_far = len(server.arrived)
        await asyncio.sleep(1)
        assert len(server.arrived) == so_far < 200
        full["now"] = False
        await running

    asyncio.run(scenario())

    assert len(server.arrived) == len(set(server.arrived)) == 200
    assert counters(delivery) == {"sent": 200}


def test_a_part_taken_away_is_not_touched_any_more(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = make_sending(300)
    server.pace = 0.02

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(run_until(sender, lambda: bool(server.arrived) and not sender.parts))
        await wait_for(lambda: len(server.arrived) > 20)
        await database(DeliveryPart.objects.update, claim_token=UUID(int=1), claimed_by="somebody")
        written = await database(counters, delivery)
        await running
        assert await database(counters, delivery) == written

    asyncio.run(scenario())

    assert len(server.arrived) < 300
    assert DeliveryPart.objects.get().claimed_by == "somebody"


def test_nothing_leaves_after_the_lease_has_ended_on_our_own_clock(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sending(300)
    server.pace = 0.01

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(run_until(sender, lambda: False, seconds=60))
        await wait_for(lambda: len(server.arrived) > 20)
        for part in sender.parts:
            part.lease_ends = 0
        await asyncio.sleep(0.1)
        so_far = len(server.arrived)
        await asyncio.sleep(0.5)
        assert len(server.arrived) == so_far
        sender.stop()
        await running

    asyncio.run(scenario())


def test_a_content_that_can_not_be_compiled_is_put_off_and_the_others_go_on(
    server: MemoryServer, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = make_sending(1, priority=Delivery.Priority.HIGH), make_sending(1)
    real = channel.renderer

    def renderer(delivery: Delivery, version: Any) -> Any:
        if delivery.pk == broken.pk:
            raise ValueError("unbalanced tag")
        return real(delivery, version)

    monkeypatch.setattr(channel, "renderer", renderer)

    send(finished(good))

    part = DeliveryPart.objects.get(delivery=broken)
    assert part.state == PartState.DUE
    assert part.due_at > timezone.now() + timedelta(minutes=3)


def test_a_changed_route_is_used_from_the_next_part_on(server: MemoryServer, channel: MemoryChannel) -> None:
    first = make_sending(1)

    async def scenario() -> None:
        sender = make_sender()
        running = asyncio.ensure_future(run_until(sender, lambda: len(server.arrived) == 2))
        await wait_for(finished(first))
        await database(Route.objects.update, url="smtp://elsewhere.example:25")
        await wait_for(lambda: not sender.lanes)
        second = await database(make_sending, 1)
        await wait_for(finished(second))
        await running

    asyncio.run(scenario())

    assert channel.connectors_made == 2


def test_the_journal_is_emptied_when_it_has_grown_and_nothing_is_held(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "JOURNAL_LIMIT", 100)
    delivery = make_sending(30, part_size=10)

    send(finished(delivery))

    assert counters(delivery) == {"sent": 30}
    assert [path.stat().st_size for path in folder.iterdir()] == [0]


def test_a_part_granted_while_the_database_went_away_is_given_back(server: MemoryServer) -> None:
    delivery = make_sending(1)
    lease_until = timezone.now() + timedelta(minutes=15)

    async def scenario() -> None:
        sender = make_sender()
        await database(
            DeliveryPart.objects.update,
            state=PartState.CLAIMED,
            claimed_by=sender.journal.uid,
            claim_token=UUID(int=1),
            lease_until=lease_until,
        )
        await run_until(sender, finished(delivery))

    asyncio.run(scenario())

    assert server.arrived == ["person1@example.com"]
    assert Broadlog.objects.get().attempts == 1
