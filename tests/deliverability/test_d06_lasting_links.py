"""D06: a link of an old mail still unsubscribes, also after the secret key was changed twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from common.tokens import sign
from deliveries.channels.email.addresses import (
    bounce_address,
    broadlog_of_bounce,
    broadlog_of_message_id,
    broadlog_of_unsubscription,
    message_id,
    unsubscription_address,
)
from deliveries.channels.email.mime import EmailRenderer
from deliveries.content import links
from deliveries.content.versions import freeze
from deliveries.models import Broadlog, DeliveryState
from recipients.models import Service, Subscription
from tests.deliverability.mails import parse
from tests.deliveries.content.factories import make_delivery, make_row
from tests.factories import make_recipient
from tests.tracking.factories import make_message

pytestmark = pytest.mark.django_db
KEYS = [f"{name}-key-of-tests-0123456789abcdef0123456789abcdef" for name in ("first", "second", "third")]


def change_key(settings: Settings, new: str) -> None:
    """As the operator does: the former key goes to the fallbacks."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    settings.SECRET_KEY = new


def old_mail() -> tuple[Broadlog, str]:
    """A message sent to a subscriber, and the link in its header."""
    service = Service.objects.create(label="Newsletter", internal_name="newsletter")
    person = make_recipient()
    Subscription.objects.create(service=service, recipient=person, created_at=timezone.now())
    delivery = make_delivery(service=service)
    message = make_message(person, delivery)
    mail = EmailRenderer(delivery, freeze(delivery)).render(make_row(message.pk, person.email))
    link = str(parse(mail.content)["List-Unsubscribe"]).partition(">")[0].strip("< ")
    type(delivery).objects.filter(pk=delivery.pk).update(state=DeliveryState.FINISHED, ended_at=timezone.now())
    return message, link


def one_click(link: str) -> Any:
    browser = Client(enforce_csrf_checks=True)
    return browser.post(urlsplit(link).path, {"List-Unsubscribe": "One-Click"})


@pytest.mark.parametrize("changes", [0, 1, 2])
def test_d06_after_four_hundred_days_and_purges_the_link_still_unsubscribes(settings: Settings, changes: int) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[0], []
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=400), tick=True):
        message, link = old_mail()
    for new in KEYS[1 : changes + 1]:
        change_key(settings, new)
    call_command("purge")

    answer, again = one_click(link), one_click(link)

    assert (answer.status_code, again.status_code) == (200, 200)
    assert not Subscription.objects.exists()
    assert Broadlog.objects.filter(pk=message.pk).exists()


def test_d06_the_addresses_of_old_mails_are_still_ours_too(settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[0], []
    bounce, asked = bounce_address(7, "back.example.com"), unsubscription_address(7, "back.example.com")
    identity = message_id(7, "back.example.com")
    links_then = [links.unsubscribe_url(7), links.preferences_url(7), links.mirror_url(7), links.click_url(7, 1)]

    for new in KEYS[1:]:
        change_key(settings, new)

    assert broadlog_of_bounce(bounce) == broadlog_of_unsubscription(asked) == broadlog_of_message_id(identity) == 7
    # What is made now bears the new key.
    links_now = [links.unsubscribe_url(7), links.preferences_url(7), links.mirror_url(7), links.click_url(7, 1)]
    assert not set(links_then) & set(links_now)


def test_d06_a_key_that_was_dropped_signs_nothing_any_more(settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[0], []
    message, link = old_mail()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[1], []

    assert one_click(link).status_code == 404
    assert Subscription.objects.exists()
    assert sign(links.UNSUBSCRIBE, message.pk) not in link
