"""D23: a server that refuses strangers for a minute gets the same envelope again and takes it at the second attempt."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from deliveries.models import Broadlog, Delivery, DeliveryPart, GroupState, PartState, Route
from deliveries.mta.clock import database_now
from deliveries.routes import ensure_default_route
from recipients.models import Quarantine
from tests.deliverability.identities import mails_return_to
from tests.deliveries.mta.conftest import database, folder, in_loop, make_sender, run_until
from tests.deliveries.rows import make_started, state_of, statuses_of
from tests.smtp_server import Dialogue, scripted_server

__all__ = ["folder", "in_loop"]
pytestmark = pytest.mark.usefixtures("in_loop")
PEOPLE = 5


class Greylisting(Dialogue):
    """Takes an envelope that it has seen before; `seen` counts how often each came."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[tuple[str, str], int] = {}
        self._sender = ""

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> str:
        command = self.commands[-1] if self.commands else ""
        if verb == "MAIL":
            self._sender = command.partition("<")[2].partition(">")[0]
        if verb == "RCPT":
            envelope = self._sender, command.partition("<")[2].partition(">")[0]
            self.seen[envelope] = self.seen.get(envelope, 0) + 1
            stranger = self.seen[envelope] == 1
            self.answers["RCPT"] = "450 4.2.0 Greylisted, try again in 60 seconds" if stranger else "250 ok"
            self.answers["DATA"] = "554 no recipient" if stranger else "354 go"
        return await super()._answer(verb, writer)


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=1)


def send_until(server: Greylisting, delivery: Delivery, state: str) -> None:
    def use(port: int) -> None:
        Route.objects.filter(pk=ensure_default_route().pk).update(url=f"smtp://127.0.0.1:{port}", max_connections=1)

    async def scenario() -> None:
        async with scripted_server(server) as port:
            await database(use, port)
            await run_until(make_sender(), lambda: state_of(delivery) == state)

    asyncio.run(scenario())


def test_d23_the_same_envelope_comes_again_in_minutes_and_is_taken(now: datetime) -> None:
    mails_return_to("bounces.example.com")
    delivery = make_started(now, people=PEOPLE)
    server = Greylisting()

    send_until(server, delivery, "retry_pending")

    part = DeliveryPart.objects.get()
    assert statuses_of(delivery) == ["pending"] * PEOPLE and server.mails == []
    # A minute has passed by then, and hours have not.
    assert timedelta(minutes=3) < part.due_at - database_now() < timedelta(minutes=7)
    DeliveryPart.objects.filter(state=PartState.DUE).update(due_at=database_now() - timedelta(seconds=1))
    send_until(server, delivery, "finished")

    assert statuses_of(delivery) == ["sent"] * PEOPLE
    assert len(server.seen) == PEOPLE and set(server.seen.values()) == {2}
    assert all(sender.endswith("@bounces.example.com") for sender, _recipient in server.seen)
    assert set(Broadlog.objects.values_list("attempts", flat=True)) == {2}


def test_d23_greylisting_blames_no_address_and_slows_nothing_down(now: datetime) -> None:
    delivery = make_started(now, people=PEOPLE)

    send_until(Greylisting(), delivery, "retry_pending")

    assert not Quarantine.objects.exists()
    assert not GroupState.objects.filter(factor__lt=1).exists() and not Route.objects.filter(paused=True).exists()
