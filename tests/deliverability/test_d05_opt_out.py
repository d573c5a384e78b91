"""D05: who opts out while a delivery is being sent gets no mail of it any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.channels.registry import channels
from deliveries.content import links
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.mta import sender as sender_module
from recipients.models import Recipient, Service, Subscription
from recipients.vocabulary import FailureReason
from tests.deliveries.mta.conftest import database, folder, in_loop, make_sender, run_until, wait_for
from tests.deliveries.mta.connectors import MemoryChannel
from tests.deliveries.mta.factories import counters, make_route, make_sending
from tests.deliveries.mta.governors import ToldGovernor

__all__ = ["folder", "in_loop"]
pytestmark = pytest.mark.usefixtures("in_loop")


class MailChannel(MemoryChannel):
    """Mails that end in memory."""

    code = "email"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> MailChannel:
    memory = MailChannel()
    monkeypatch.setitem(channels._entries, "email", memory)
    return memory


def opt_out(message: Broadlog) -> Any:
    path = urlsplit(links.unsubscribe_url(message.pk)).path
    return Client().post(path, {"List-Unsubscribe": "One-Click"})


def finished(delivery: Delivery) -> bool:
    delivery.refresh_from_db()
    return delivery.state == DeliveryState.FINISHED


def test_d05_an_opt_out_during_a_delivery_of_ten_thousand_takes_effect_on_what_is_not_claimed(
    channel: MailChannel,
) -> None:
    delivery = make_sending(10_000, channel="email")
    last = Broadlog.objects.filter(delivery=delivery).latest("pk")
    channel.server.replying = asyncio.Event()

    async def scenario() -> None:
        running = asyncio.ensure_future(run_until(make_sender(), lambda: finished(delivery), 60))
        await wait_for(lambda: bool(channel.server.arrived))
        assert (await database(opt_out, last)).status_code == 200
        assert channel.server.replying is not None
        channel.server.replying.set()
        await running

    asyncio.run(scenario())

    assert last.address not in channel.server.arrived
    assert len(channel.server.arrived) == 9_999
    last.refresh_from_db()
    assert last.failure_reason == FailureReason.DENYLISTED
    assert counters(delivery) == {"sent": 9_999, "ignored": 1}


@pytest.mark.parametrize("with_service", [False, True], ids=["denylist", "service"])
def test_d05_who_opts_out_while_their_part_is_held_gets_nothing_either(
    channel: MailChannel, monkeypatch: pytest.MonkeyPatch, with_service: bool
) -> None:
    # A minute is allowed: it is asked every twenty seconds.
    assert sender_module.ASK_AGAIN_SECONDS <= 30
    monkeypatch.setattr(sender_module, "ASK_AGAIN_SECONDS", 0.2)
    make_route("email", max_connections=1)
    delivery = make_sending(60, channel="email", service=newsletter() if with_service else None)
    subscribe_everybody()
    last = Broadlog.objects.filter(delivery=delivery).latest("pk")
    channel.server.replying = asyncio.Event()

    async def scenario() -> None:
        running = asyncio.ensure_future(run_until(make_sender(), lambda: finished(delivery), 60))
        await wait_for(lambda: bool(channel.server.arrived))
        assert (await database(opt_out, last)).status_code == 200
        await wait_for(lambda: Broadlog.objects.filter(pk=last.pk, status=MessageStatus.IGNORED).exists())
        assert channel.server.replying is not None
        channel.server.replying.set()
        await running

    asyncio.run(scenario())

    assert last.address not in channel.server.arrived and len(channel.server.arrived) == 59
    assert counters(delivery) == {"sent": 59, "ignored": 1}


def test_d05_who_opts_out_while_their_receiver_takes_nothing_is_let_go(
    channel: MailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "ASK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(sender_module, "LIMITS_SECONDS", 0.1)
    governor = ToldGovernor(example_com=0)
    monkeypatch.setattr(sender_module, "governor_for", lambda route, affinity, **_options: governor)
    delivery = make_sending(5, channel="email")
    message = Broadlog.objects.filter(delivery=delivery).latest("pk")

    async def scenario() -> None:
        running = asyncio.ensure_future(run_until(make_sender(), lambda: finished(delivery), 60))
        await wait_for(lambda: any(waiting.get("example.com") == 5 for waiting in governor.refreshed))
        assert (await database(opt_out, message)).status_code == 200
        await wait_for(lambda: Broadlog.objects.filter(pk=message.pk, status=MessageStatus.IGNORED).exists())
        governor.left["example.com"] = None
        await running

    asyncio.run(scenario())

    assert len(channel.server.arrived) == 4 and message.address not in channel.server.arrived


def test_d05_who_leaves_the_service_is_not_written_to_and_whoever_never_was_in_it_is(channel: MailChannel) -> None:
    delivery = make_sending(4, channel="email", service=newsletter())
    subscribe_everybody()
    first, second, third, fourth = Broadlog.objects.filter(delivery=delivery).order_by("pk")
    Subscription.objects.filter(recipient=fourth.recipient_id).delete()
    for message in (first, second):
        assert opt_out(message).status_code == 200
    # It was a mistake.
    person = Recipient.objects.get(email=second.address)
    Subscription.objects.create(service=newsletter(), recipient=person, created_at=timezone.now())

    asyncio.run(run_until(make_sender(), lambda: finished(delivery)))

    assert sorted(channel.server.arrived) == [second.address, third.address, fourth.address]


def newsletter() -> Service:
    service, _made = Service.objects.get_or_create(internal_name="newsletter", defaults={"label": "Newsletter"})
    return service


def subscribe_everybody() -> None:
    now, service = timezone.now(), newsletter()
    Subscription.objects.bulk_create(
        Subscription(service=service, recipient=person, created_at=now) for person in Recipient.objects.all()
    )


def test_d05_what_was_prepared_and_what_waits_for_another_attempt_is_asked_again(channel: MailChannel) -> None:
    delivery = make_sending(10, channel="email")
    first, second, *_rest = Broadlog.objects.filter(delivery=delivery).order_by("pk")
    # Refused for now: it is tried again in some minutes.
    Broadlog.objects.filter(pk=second.pk).update(attempts=1)
    assert {opt_out(first).status_code, opt_out(second).status_code} == {200}

    asyncio.run(run_until(make_sender(), lambda: finished(delivery)))

    assert len(channel.server.arrived) == 8
    assert not {first.address, second.address} & set(channel.server.arrived)


def test_d05_an_opt_out_of_everything_counts_on_every_channel(channel: MailChannel) -> None:
    delivery = make_sending(3, channel="email")
    message = Broadlog.objects.filter(delivery=delivery).earliest("pk")
    Recipient.objects.filter(email=message.address).update(denylist_all=True)
    DeliveryPart.objects.update(state=PartState.DUE, due_at=timezone.now() - timedelta(hours=1))

    asyncio.run(run_until(make_sender(), lambda: finished(delivery)))

    assert message.address not in channel.server.arrived and len(channel.server.arrived) == 2
