"""D13: domains leave as A-labels, letters beyond ASCII before the @ only where the server takes them."""

from __future__ import annotations

import pytest

from deliveries.channels.base import Message, RenderingFailed, Result
from deliveries.channels.email.mime import EmailRenderer
from deliveries.content.versions import freeze
from recipients.vocabulary import FailureReason, FailureType
from tests.deliverability.browser_urls import hrefs
from tests.deliverability.mails import make_mailing, parse
from tests.deliveries.channels.email.test_smtp_servers import talk
from tests.deliveries.content.factories import make_row
from tests.smtp_server import Dialogue

pytestmark = pytest.mark.django_db
# Written by hand after UTS 46 (non-transitional): mapped, composed, joined and right-to-left labels.
DOMAINS = {
    "example.com": "example.com",
    "EXAMPLE.com": "EXAMPLE.com",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    "bücher.example": "xn--bcher-kva.example",
    "BÜCHER.example": "xn--bcher-kva.example",
    # u and a combining diaeresis are one letter.
    "bu\u0308cher.example": "xn--bcher-kva.example",
    "faß.example": "xn--fa-hia.example",
    "βόλος.example": "xn--nxasmm1c.example",
    "日本語.example": "xn--wgv71a119e.example",
    "пример.испытание": "xn--e1afmkfd.xn--80akhbyknj4f",
    "مثال.إختبار": "xn--mgbh0fb.xn--kgbechtv",
    "उदाहरण.परीक्षा": "xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g",
    "été.exemple.fr": "xn--t-9fab.exemple.fr",
    "straße.münchen.example": "xn--strae-oqa.xn--mnchen-3ya.example",
    "sub.bücher.example": "sub.xn--bcher-kva.example",
    "한국.example": "xn--3e0b707e.example",
    "ไทย.example": "xn--o3cw4h.example",
}
# Refused by the letters allowed in a domain, or by IDNA: nothing is sent, and the reason names the address.
IMPOSSIBLE = [
    "ｅｘａｍｐｌｅ.com",
    "-bücher.example",
    "bücher-.example",
    "bü_cher.example",
    "b\u200bücher.example",
    "bücher。example",
    "\u0308bücher.example",
    "xn--bücher.example",
    "☃.example",
    "bücher..example",
    "א1a.example",
    f"{'ü' * 64}.example",
]
LOCAL_PARTS = ["été", "用户", "иван.петров", "josé+news", "ß", "u\u0308", "δοκιμή"]
WITH_EXTENSION = {"EHLO": "250-test\r\n250-PIPELINING\r\n250 SMTPUTF8"}


@pytest.fixture
def renderer() -> EmailRenderer:
    mailing = make_mailing()
    return EmailRenderer(mailing, freeze(mailing))


def test_d13_an_international_domain_leaves_as_its_a_labels_over_any_server(renderer: EmailRenderer) -> None:
    messages = [renderer.render(make_row(number, f"anne@{domain}")) for number, domain in enumerate(DOMAINS, start=1)]
    server = Dialogue()
    outbox = talk(server, *messages)

    assert [line for line in server.commands if line.startswith("RCPT")] == [
        f"RCPT TO:<anne@{written}>" for written in DOMAINS.values()
    ]
    assert {result.result for result in outbox.results.values()} == {Result.ACCEPTED}
    for mail, written in zip(server.mails, DOMAINS.values(), strict=True):
        assert parse(mail)["To"].addresses[0].addr_spec == f"anne@{written}"


def test_d13_a_browser_reads_the_same_domains() -> None:
    assert hrefs([f"http://{domain}" for domain in DOMAINS]) == [
        f"http://{written.lower()}/" for written in DOMAINS.values()
    ]


@pytest.mark.parametrize("domain", IMPOSSIBLE, ids=ascii)
def test_d13_what_can_be_no_domain_is_refused_with_its_name(renderer: EmailRenderer, domain: str) -> None:
    with pytest.raises(RenderingFailed) as refusal:
        renderer.render(make_row(1, f"anne@{domain}"))

    assert domain in str(refusal.value)


def test_d13_a_local_part_beyond_ascii_is_not_supported_without_the_extension(renderer: EmailRenderer) -> None:
    server = Dialogue()
    outbox = talk(server, *to_local_parts(renderer))

    assert not any(line.startswith("RCPT") for line in server.commands) and server.mails == []
    assert len(outbox.results) == len(LOCAL_PARTS)
    for result in outbox.results.values():
        assert (result.result, result.failure_type) == (Result.REFUSED, FailureType.IGNORED)
        assert result.failure_reason == FailureReason.BAD_QUALITY and "Address not supported" in result.detail


def test_d13_with_the_extension_it_is_announced_and_arrives_letter_by_letter(renderer: EmailRenderer) -> None:
    server = Dialogue(dict(WITH_EXTENSION))
    outbox = talk(server, *to_local_parts(renderer))

    assert {result.result for result in outbox.results.values()} == {Result.ACCEPTED}
    assert [line for line in server.commands if line.startswith("RCPT")] == [
        f"RCPT TO:<{local_part}@xn--bcher-kva.example>" for local_part in LOCAL_PARTS
    ]
    senders = [line for line in server.commands if line.startswith("MAIL")]
    assert len(senders) == len(LOCAL_PARTS) and all(line.endswith(" SMTPUTF8") for line in senders)
    for mail, local_part in zip(server.mails, LOCAL_PARTS, strict=True):
        assert f"<{local_part}@xn--bcher-kva.example>".encode() in mail.partition(b"\r\n\r\n")[0]


def to_local_parts(renderer: EmailRenderer) -> list[Message]:
    rows = [make_row(number, f"{name}@bücher.example") for number, name in enumerate(LOCAL_PARTS, start=1)]
    return [renderer.render(row) for row in rows]
