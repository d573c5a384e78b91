"""What the limits of receivers do to a delivery that is being sent, from its parts to its sessions."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest
from django.utils import timezone

from deliveries.channels.base import Outbox, Result, SendResult
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, PartState, Route
from deliveries.mta import sender as sender_module
from deliveries.mta.governor import Hold
from tests.deliveries.mta.conftest import send
from tests.deliveries.mta.connectors import MemoryChannel, MemoryConnector, MemoryServer
from tests.deliveries.mta.factories import make_route, make_sending, rows_of, statuses
from tests.deliveries.mta.governors import ToldGovernor

pytestmark = pytest.mark.usefixtures("in_loop", "channel")


def governed(monkeypatch: pytest.MonkeyPatch, governor: ToldGovernor) -> ToldGovernor:
    monkeypatch.setattr(sender_module, "governor_for", lambda route, affinity, **_options: governor)
    monkeypatch.setattr(sender_module, "LIMITS_SECONDS", 0.1)
    return governor


def address_each(delivery: Delivery, *domains: str) -> None:
    """The rows go to these domains in turn."""
    for number, row in enumerate(rows_of(delivery)):
        Broadlog.objects.filter(pk=row.pk).update(address=f"person{number}@{domains[number % len(domains)]}")


def finished(delivery: Delivery) -> bool:
    delivery.refresh_from_db()
    return delivery.state == DeliveryState.FINISHED


def test_what_waits_long_for_its_receiver_is_given_back_with_the_reason_and_counts_as_no_attempt(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    governor = governed(monkeypatch, ToldGovernor(slow_example=0))
    governor.holds["slow.example"] = Hold(600, None, "The limit per hour is reached.")
    delivery = make_sending(20)
    address_each(delivery, "slow.example", "other.example")

    send(lambda: DeliveryPart.objects.exclude(throttled_by="").exists())

    part = DeliveryPart.objects.get()
    assert (part.state, part.throttled_by, part.attempt) == (PartState.DUE, "slow.example", 0)
    assert part.throttle_reason == "The limit per hour is reached."
    assert timedelta(minutes=9) < part.due_at - timezone.now() < timedelta(minutes=11)
    assert statuses(delivery) == ["pending", "sent"] * 10
    assert {row.attempts for row in rows_of(delivery)[::2]} == {0}
    assert len(server.arrived) == 10


def test_a_limited_receiver_gets_what_is_allowed_and_all_in_the_end(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    governor = governed(monkeypatch, ToldGovernor(slow_example=0))
    delivery = make_sending(12)
    address_each(delivery, "slow.example", "other.example")
    real = governor.refresh

    def lease(waiting: dict[str, int], *others: object) -> None:
        real(waiting, *others)  # type: ignore[arg-type]
        governor.left["slow.example"] = 2

    monkeypatch.setattr(governor, "refresh", lease)

    send(lambda: finished(delivery))

    assert governor.taken["slow.example"] == 6
    assert len(server.arrived) == len(set(server.arrived)) == 12
    assert {"slow.example", "other.example"} == {receiver for receiver, _result in governor.noted}


def test_a_fault_of_ours_in_the_eyes_of_a_receiver_blames_nobody(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    governor = governed(monkeypatch, ToldGovernor())
    refused = SendResult(Result.UNSENT, detail="550 5.7.1 listed", receiver_fault="550 5.7.1 listed")

    def note(receiver: str, result: SendResult) -> SendResult:
        if result.receiver_fault:
            governor.left[receiver] = 0
            governor.holds[receiver] = Hold(900, None, result.receiver_fault)
        return result

    monkeypatch.setattr(governor, "note", note)
    delivery = make_sending(4)
    address_each(delivery, "blocking.example", "other.example")
    for number in (0, 2):
        server.answers[f"person{number}@blocking.example"] = [refused]

    send(lambda: DeliveryPart.objects.exclude(throttled_by="").exists())

    assert statuses(delivery) == ["pending", "sent", "pending", "sent"]
    assert {row.attempts for row in rows_of(delivery)[::2]} == {0}
    assert not Route.objects.get().paused


class DirectConnector(MemoryConnector):
    by_domain: ClassVar[bool] = True

    def __init__(self, server: MemoryServer, served: list[tuple[str, str]]) -> None:
        super().__init__(server)
        self.served = served
        self.open = self.most = 0

    async def run_session(self, session: int, outbox: Outbox) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        while (message := await outbox.next()) is not None:
            self.served.append((outbox.destination, message.address.partition("@")[2]))
            outbox.intend(message, session)
            outbox.record(message, await self.server.take(message), session)
            await asyncio.sleep(0)
        self.open -= 1


def test_the_direct_way_serves_one_domain_per_session_and_all_domains_within_the_route_s_limit(
    server: MemoryServer, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    governed(monkeypatch, ToldGovernor())
    served: list[tuple[str, str]] = []
    connector = DirectConnector(server, served)
    monkeypatch.setattr(channel, "connector", lambda route, affinity=None: connector)
    make_route(max_connections=2)
    delivery = make_sending(60)
    address_each(delivery, *[f"d{number}.example" for number in range(6)])

    send(lambda: finished(delivery))

    assert all(destination == domain for destination, domain in served)
    assert len({destination for destination, _domain in served}) == 6
    assert connector.most == 2
    assert len(served) == 60
