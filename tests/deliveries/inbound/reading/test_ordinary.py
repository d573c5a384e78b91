from __future__ import annotations

import time

import pytest

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.verdict import Kind
from tests.deliveries.inbound.reading.ordinary import ORDINARY
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

# Generous: these machines are shared. Each of them takes a few milliseconds.
SECONDS = 2.0


@pytest.mark.parametrize("name", ORDINARY)
def test_s30_a_mail_that_is_no_bounce_blames_nobody(name: str) -> None:
    reading = read_mail(ORDINARY[name], PRODUCT_RULES)

    assert not [each for each in reading.recipients if each.failure_type is not None]
    assert reading.kind not in (Kind.BOUNCE, Kind.DELAY, Kind.COMPLAINT)


@pytest.mark.parametrize("name", ORDINARY)
def test_s30_no_mail_takes_long(name: str) -> None:
    read_mail(b"", PRODUCT_RULES.ready())

    started = time.process_time()
    read_mail(ORDINARY[name], PRODUCT_RULES)

    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("an absence", Kind.AUTO_REPLY),
        ("an absence announced by a null sender", Kind.AUTO_REPLY),
        ("somebody who has left the company", Kind.AUTO_REPLY),
        ("the receipt of a reader", Kind.AUTO_REPLY),
        ("a receipt of delivery", Kind.DELIVERED),
        ("a request to be left alone", Kind.UNSUBSCRIPTION),
        ("a newsletter about deliverability", Kind.OTHER),
        ("a failed authentication in the format of complaints", Kind.OTHER),
    ],
)
def test_the_kind_of_a_mail_that_is_no_bounce(name: str, kind: Kind) -> None:
    assert read_mail(ORDINARY[name], PRODUCT_RULES).kind == kind


@pytest.mark.parametrize(
    "subject",
    [
        "Out of Office: Spring",
        "Abwesenheitsnotiz: Frühling",
        "Réponse automatique : printemps",
        "Respuesta automática: primavera",
        "Risposta automatica: primavera",
        "Resposta automática: primavera",
        "Automatisch antwoord: lente",
        "自動返信: 春",
        "Автоответ: весна",
    ],
)
def test_an_automatic_reply_is_known_by_its_subject_in_many_languages(subject: str) -> None:
    mail = f"From: bob@company.example\nTo: b+00@sender.example\nSubject: {subject}\n\nBack on Monday.\n"

    assert read_mail(mail.encode(), PRODUCT_RULES).kind == Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "to",
    [
        "To: u+0123456789abcdef@sender.example",
        'To: "Shop" <U+0123456789ABCDEF@sender.example>',
        "To: list@forward.example\nX-Original-To: u+0123456789abcdef@sender.example",
        "To: me@forward.example\nReceived: from a by b for <u+0123456789abcdef@sender.example>; Fri",
    ],
)
@pytest.mark.parametrize("content", ["text/plain\n\n", "text/html\n\n<p>Unsubscribe</p>"])
def test_d07_the_address_decides_that_a_mail_unsubscribes(to: str, content: str) -> None:
    mail = f"From: other@address.example\n{to}\nSubject: Fwd: whatever\nContent-Type: {content}"

    reading = read_mail(mail.encode(), PRODUCT_RULES)

    assert reading.unsubscribes and reading.kind == Kind.UNSUBSCRIPTION
    assert any(token.lower() == "u+0123456789abcdef@sender.example" for token in reading.tokens)
