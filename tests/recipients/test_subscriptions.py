from __future__ import annotations

from datetime import datetime

import pytest

from recipients.denylist import add_to_denylist
from recipients.models import Recipient, Service, Subscription, SubscriptionEvent
from recipients.subscriptions import subscribe, unsubscribe
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def history() -> list[tuple[str, str]]:
    return list(SubscriptionEvent.objects.order_by("pk").values_list("action", "origin"))


def test_subscribing_is_recorded_once(now: datetime) -> None:
    service, ann = Service.objects.create(label="News"), make_recipient()

    assert subscribe(service=service, recipient_id=ann.pk, origin="form", now=now) is True
    assert subscribe(service=service, recipient_id=ann.pk, origin="import", now=now) is False

    assert Subscription.objects.get().created_at == now
    assert history() == [("subscribe", "form")]


def test_unsubscribing_is_recorded_once_and_touches_that_person_and_service_only(now: datetime) -> None:
    news, offers = Service.objects.create(label="News"), Service.objects.create(label="Offers")
    ann, bob = make_recipients(2)
    for service, person in ((news, ann), (offers, ann), (news, bob)):
        subscribe(service=service, recipient_id=person.pk, origin="form", now=now)

    assert unsubscribe(service=news, recipient_id=ann.pk, origin="link", now=now) is True
    assert unsubscribe(service=news, recipient_id=ann.pk, origin="link", now=now) is False

    assert set(Subscription.objects.values_list("service", "recipient")) == {(offers.pk, ann.pk), (news.pk, bob.pk)}
    assert history()[3:] == [("unsubscribe", "link")]


@pytest.mark.parametrize("channel", ["email", "sms", "push", "file", "all"])
def test_a_person_is_denylisted_once_on_the_channel_named_and_no_other(channel: str, now: datetime) -> None:
    ann, bob = make_recipients(2)

    assert add_to_denylist(recipient_id=ann.pk, channel=channel, now=now) is True
    assert add_to_denylist(recipient_id=ann.pk, channel=channel, now=now) is False

    columns = [f"denylist_{name}" for name in ("email", "sms", "push", "file", "all")]
    assert [name for name in columns if Recipient.objects.filter(pk=ann.pk, **{name: True})] == [f"denylist_{channel}"]
    assert not [name for name in columns if Recipient.objects.filter(pk=bob.pk, **{name: True})]


def test_an_unknown_channel_is_an_error(now: datetime) -> None:
    with pytest.raises(KeyError):
        add_to_denylist(recipient_id=1, channel="carrier_pigeon", now=now)
