"""D01: DKIM signs every mail, and the signature survives a relay."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.utils import timezone

from deliveries.models import SigningKey
from deliveries.signing_keys import activate, create_key, record_name, record_value
from tests.deliverability.mails import SENDER_DOMAIN, make_mailing, messages, parse
from tests.deliverability.relay import mails_in, running_postfix
from tests.deliverability.verifiers import dkimpy, opendkim, write_mails

pytestmark = [pytest.mark.django_db, pytest.mark.opendkim, pytest.mark.dkimpy]
SIGNED = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
]


@pytest.fixture
def records() -> dict[str, str]:
    """Both keys of the sender's domain, active; what its DNS says."""
    keys = [
        create_key(domain=SENDER_DOMAIN, algorithm=algorithm, now=timezone.now())
        for algorithm in SigningKey.Algorithm.values
    ]
    for key in keys:
        activate(key)
    return {record_name(key): record_value(key) for key in keys}


@pytest.mark.postfix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mails", "checked"), [(300, 40), pytest.param(1000, 1000, marks=pytest.mark.full, id="a-thousand")]
)
def test_d01_every_signature_holds_after_a_hop_through_a_relay(
    tmp_path: Path, records: dict[str, str], mails: int, checked: int
) -> None:
    hop = tmp_path / "hop"
    hop.mkdir()
    with running_postfix(hop) as (port, arrived), smtplib.SMTP("127.0.0.1", port) as client:
        for message in messages(make_mailing(), mails):
            client.sendmail(message.sender, [message.address], message.content)
        paths = write_mails(tmp_path, mails_in(arrived, mails))

    assert len(paths) == mails
    assert dkimpy(records, paths) == [[True, True]] * mails
    assert opendkim(tmp_path, records, paths[:checked]) == [["pass", "pass"]] * checked


def test_d01_without_any_one_of_the_signed_fields_it_holds_no_longer(tmp_path: Path, records: dict[str, str]) -> None:
    content = next(messages(make_mailing(), 1)).content
    paths = write_mails(tmp_path, [content, *(_without(content, name) for name in SIGNED)])

    assert dkimpy(records, paths) == [[True, True], *([[False, False]] * len(SIGNED))]
    # opendkim leaves a mail without From or Date aside before it looks at signatures.
    results = opendkim(tmp_path, records, paths)
    assert results[0] == ["pass", "pass"] and all("pass" not in result for result in results[1:])


def test_d01_a_second_from_or_a_changed_body_breaks_it(tmp_path: Path, records: dict[str, str]) -> None:
    content = next(messages(make_mailing(), 1)).content
    second_from = content.replace(b"\r\nTo: ", b"\r\nFrom: other@example.org\r\nTo: ", 1)
    paths = write_mails(tmp_path, [second_from, b"From: other@example.org\r\n" + content, content + b"more\r\n"])

    assert dkimpy(records, paths) == [[False, False]] * 3


def test_d01_the_signature_is_of_the_senders_domain_relaxed_and_of_the_whole_body(records: dict[str, str]) -> None:
    content = next(messages(make_mailing(), 1)).content

    signatures = [_tags(value) for value in parse(content).get_all("DKIM-Signature", [])]

    assert {one["a"] for one in signatures} == {"rsa-sha256", "ed25519-sha256"}
    for one in signatures:
        assert (one["d"], one["c"]) == (SENDER_DOMAIN, "relaxed/relaxed") and "l" not in one
        assert {name.lower() for name in SIGNED} <= set(one["h"].split(":"))
        assert one["h"].split(":").count("from") == 2
    assert max(map(len, content.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 120


def test_d01_a_key_of_the_parent_domain_signs_and_a_nearer_one_goes_before_it() -> None:
    activate(create_key(domain="example.com", now=timezone.now()))
    parent = next(messages(make_mailing(), 1)).content
    activate(create_key(domain=SENDER_DOMAIN, now=timezone.now()))
    nearer = next(messages(make_mailing(service=None), 1)).content

    assert _domains(parent) == ["example.com"] and _domains(nearer) == [SENDER_DOMAIN]


def test_d01_a_key_that_is_not_active_or_of_another_domain_does_not_sign() -> None:
    create_key(domain=SENDER_DOMAIN, now=timezone.now())
    activate(create_key(domain="other.example.com", now=timezone.now()))

    assert _domains(next(messages(make_mailing(), 1)).content) == []


def _domains(content: bytes) -> Iterable[str]:
    return [_tags(value)["d"] for value in parse(content).get_all("DKIM-Signature", [])]


def _tags(value: str) -> dict[str, str]:
    pairs = [tag.partition("=") for tag in re.sub(r"\s", "", value).split(";")]
    return {name: rest for name, _equals, rest in pairs}


def _without(content: bytes, name: str) -> bytes:
    changed, times = re.subn(rb"(?im)^" + name.encode() + rb":.*\r\n([ \t].*\r\n)*", b"", content, count=1)
    assert times == 1
    return changed
