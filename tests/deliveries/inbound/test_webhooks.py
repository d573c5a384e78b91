from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.channels.email.addresses import message_id
from deliveries.inbound.sources.address import set_password
from deliveries.inbound.webhooks import LARGEST_REQUEST, PROVIDERS, NotInstalled, check_provider, webhook_url
from deliveries.models import Broadlog, MessageStatus
from deliveries.models.inbound import InboundMail, InboundSource
from tests.deliveries.inbound.mails import DOMAIN, in_quarantine, make_sent, messages_of, statuses

pytestmark = pytest.mark.django_db
KEY = "the provider's signing key"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def source() -> Iterator[InboundSource]:
    pytest.importorskip("anymail", reason="webhooks need django-anymail: pip install -r requirements-relay.txt")
    made = InboundSource.objects.create(label="Provider", kind="webhook", url="mailgun")
    set_password(made, KEY)
    yield made


def event(row: Broadlog, kind: str, *, number: str = "1", key: str = KEY, **data: Any) -> str:
    """As Mailgun posts it: signed over its time and token, naming our Message-ID without brackets."""
    stamp, token = "1760000000", f"token-{number}"
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    named = message_id(row.pk, DOMAIN).strip("<>")
    about = {
        "id": f"event-{number}",
        "event": kind,
        "timestamp": float(stamp),
        "recipient": row.address,
        "message": {"headers": {"message-id": named}},
        **data,
    }
    return json.dumps({"signature": {"token": token, "timestamp": stamp, "signature": signature}, "event-data": about})


def failed(row: Broadlog, **values: Any) -> str:
    data: dict[str, Any] = {"delivery-status": {"code": 550, "message": "5.1.1 user unknown"}}
    return event(row, "failed", severity="permanent", reason="bounce", **data, **values)


def post(source: InboundSource, body: str, path: str = "") -> int:
    url = path or webhook_url(source).partition("://")[2].partition("/")[2]
    return Client(enforce_csrf_checks=True).post(f"/{url}", body, content_type="application/json").status_code


def test_a_bounce_that_a_provider_pushes_does_what_a_mail_would_and_counts_once(
    source: InboundSource, now: datetime
) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]

    assert [post(source, failed(row)) for _time in range(2)] == [200, 200]

    assert statuses(delivery)[0] == MessageStatus.FAILED
    assert in_quarantine() == {row.address: "quarantined"}
    assert InboundMail.objects.get().source == source
    source.refresh_from_db()
    assert source.last_read_at is not None


def test_complaints_and_unsubscriptions_come_by_webhook_too(source: InboundSource, now: datetime) -> None:
    first, second, _third = messages_of(make_sent(now))

    assert post(source, event(first, "complained")) == 200
    assert post(source, event(second, "unsubscribed", number="2")) == 200

    assert in_quarantine() == {first.address: "denylisted"}
    person = second.recipient
    assert person is not None
    person.refresh_from_db()
    assert person.denylist_email


def test_opens_and_clicks_of_the_provider_are_not_ours_to_count(source: InboundSource, now: datetime) -> None:
    assert post(source, event(messages_of(make_sent(now))[0], "opened")) == 200
    assert not InboundMail.objects.exists()


def test_s27_whoever_cannot_show_that_the_provider_sent_it_gets_401(source: InboundSource, now: datetime) -> None:
    delivery = make_sent(now)
    body = failed(messages_of(delivery)[0])
    unsigned = json.dumps({"event-data": json.loads(body)["event-data"]})

    assert post(source, failed(messages_of(delivery)[0], key="another key")) == 401
    assert post(source, unsigned) == 401
    assert post(source, "no json") == 401
    assert post(source, body, f"inbound/{source.pk}/{'0' * 40}/") == 401
    assert post(source, body, f"inbound/{source.pk + 1}/{'0' * 40}/") == 401
    assert post(source, "x" * (LARGEST_REQUEST + 1)) == 413
    InboundSource.objects.update(enabled=False)
    assert post(source, body) == 401
    assert not InboundMail.objects.exists()


def test_without_its_signing_key_a_provider_that_signs_is_not_believed(source: InboundSource, now: datetime) -> None:
    set_password(source, "")
    assert post(source, failed(messages_of(make_sent(now))[0])) == 401


def test_an_event_that_names_no_message_of_ours_changes_nothing(source: InboundSource, now: datetime) -> None:
    row = messages_of(make_sent(now))[0]
    forged = json.loads(failed(row))
    forged["event-data"]["message"]["headers"]["message-id"] = f"{'0' * 58}@{DOMAIN}"

    assert post(source, json.dumps(forged)) == 200

    assert InboundMail.objects.get().outcome == InboundMail.Outcome.NO_TOKEN
    assert in_quarantine() == {}


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_is_one_that_anymail_reads(name: str) -> None:
    from importlib import import_module

    pytest.importorskip("anymail")
    module, view, argument = PROVIDERS[name]
    found = getattr(import_module(f"anymail.webhooks.{module}"), view)
    assert not argument or hasattr(found, argument)
    check_provider(name)


def test_without_the_optional_package_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deliveries.inbound.webhooks.util.find_spec", lambda name: None)
    with pytest.raises(NotInstalled, match="requirements-relay"):
        check_provider("mailgun")
