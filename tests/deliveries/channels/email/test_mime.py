"""One message as bytes: read back by the standard library, and compared with what was meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deliveries.channels.base import Message, OutgoingRow, RenderingFailed
from deliveries.channels.email.addresses import broadlog_of_bounce
from deliveries.channels.email.mime import EmailRenderer
from deliveries.content.versions import freeze
from deliveries.models import Delivery
from recipients.models import Service
from tests.deliveries.content.factories import make_delivery, make_row
from tests.payloads import payloads

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 10, 6, 4, 0, tzinfo=UTC)


def renderer(delivery: Delivery) -> EmailRenderer:
    return EmailRenderer(delivery, freeze(delivery), now=NOW.timestamp)


def render(row: OutgoingRow | None = None, **content: object) -> Message:
    return renderer(make_delivery(**content)).render(row or make_row())


def parse(message: Message) -> EmailMessage:
    assert_correct_bytes(message.content)
    parsed = message_from_bytes(message.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def assert_correct_bytes(content: bytes) -> None:
    assert content.endswith(b"\r\n")
    assert b"\0" not in content
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", content) is None
    head, _blank, body = content.partition(b"\r\n\r\n")
    assert max(len(line) for line in head.split(b"\r\n")) <= 120
    assert max(len(line) for line in body.split(b"\r\n")) <= 76


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_message_has_its_text_first_then_its_html_and_each_says_what_was_meant() -> None:
    message = parse(render(make_row(first_name="Zoé", last_name="Léger")))

    assert message.get_content_type() == "multipart/alternative"
    assert [child.get_content_type() for child in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Subject"] == "Happy birthday Zoé"
    assert "Bonjour Zoé," in part(message, "html") and "Bonjour Zoé," in part(message, "plain")
    assert "/t/u/" in part(message, "plain") and "/t/u/" in part(message, "html")
    assert "/t/o/" in part(message, "html") and "shop.example.com" not in part(message, "html")


def test_the_headers_that_receivers_ask_for_are_there_once() -> None:
    service = Service.objects.create(label="Newsletter", internal_name="newsletter")

    message = parse(render(make_row(12), service=service, reply_to="care@example.com"))

    token = re.search(r"/t/u/([\w-]+)", part(message, "html"))
    assert token is not None
    assert message["From"] == "Comptoir <news@mail.example.com>"
    assert message["To"] == "Anne Martin <anne@example.com>"
    assert message["Reply-To"] == "care@example.com"
    assert message["Date"].datetime == NOW
    assert message["List-Unsubscribe"] == f"<http://localhost:8000/t/u/{token.group(1)}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<newsletter.mail.example.com>"
    assert len(message["Feedback-ID"].split(":")) == 4
    assert message["Precedence"] == "bulk"
    assert message["MIME-Version"] == "1.0"
    for name in set(message.keys()):
        assert len(message.get_all(name, [])) == 1, name


def test_message_id_and_envelope_sender_are_equal_on_every_attempt_and_say_nothing_of_the_person() -> None:
    make = renderer(make_delivery())

    first, again, other = make.render(make_row(5)), make.render(make_row(5, first_name="X")), make.render(make_row(6))

    assert parse(first)["Message-ID"] == parse(again)["Message-ID"] != parse(other)["Message-ID"]
    assert str(parse(first)["Message-ID"]).endswith("@mail.example.com>")
    assert first.sender == again.sender != other.sender
    assert broadlog_of_bounce(first.sender.upper()) == 5
    assert len(first.sender.partition("@")[0]) <= 64


def test_without_tracking_links_stay_and_there_is_no_pixel_but_unsubscription_works() -> None:
    message = parse(render(tracking_enabled=False))

    assert 'href="https://shop.example.com/offer?a=1&amp;b=2"' in part(message, "html")
    assert "/t/o/" not in part(message, "html") and "/t/u/" in part(message, "html")


def test_a_content_without_html_is_plain_text() -> None:
    message = parse(render(html="", text="Bonjour {{ recipient.first_name }}"))

    assert message.get_content_type() == "text/plain"
    assert message.get_content().strip() == "Bonjour Anne"


def test_it_says_what_the_standard_librarys_own_message_says() -> None:
    subject, html, text = "Été à 100 % — «ça» 🎁", "<p>été</p>\n" + "x" * 3000, "été\n\n.\n..a\nfin \t\n"
    expected = EmailMessage(policy=policy.SMTP)
    expected["Subject"], expected["To"] = subject, "Zoé Léger <anne@example.com>"
    expected.set_content(text)
    expected.add_alternative(html, subtype="html")

    row = make_row(first_name="Zoé", last_name="Léger")
    message = parse(render(row, subject=subject, html=html, text=text, tracking_enabled=False))

    oracle = message_from_bytes(expected.as_bytes(), policy=policy.default)
    assert isinstance(oracle, EmailMessage)
    assert (message["Subject"], message["To"]) == (oracle["Subject"], oracle["To"])
    assert part(message, "plain") == part(oracle, "plain")
    assert part(message, "html").rstrip("\n") == part(oracle, "html").rstrip("\n")


def test_an_idn_domain_becomes_its_a_label_and_a_non_ascii_local_part_needs_smtputf8() -> None:
    make = renderer(make_delivery())

    idn, international = (
        make.render(make_row(address="anne@exämple.com")),
        make.render(make_row(address="zoé@example.com")),
    )

    assert (idn.address, idn.needs_smtputf8) == ("anne@xn--exmple-cua.com", False)
    assert (international.address, international.needs_smtputf8) == ("zoé@example.com", True)


@pytest.mark.parametrize(
    "address", ["", "anne", "a@b", "a b@example.com", "a@example.com\r\nDATA", "a@x.com> RCPT TO:<b@x.com"]
)
def test_an_address_that_is_none_fails_its_own_row_only(address: str) -> None:
    with pytest.raises(RenderingFailed):
        render(make_row(address=address))


POISON = [
    "Anne\r\nBcc: victim@example.com",
    "a\u2028b\u2029c\u0085d\x0be\x0cf\0g",
    "🎁" * 60,
    "é" * 10_000,
    'Anne "the\\ boss" <x@example.com>, (comment) a@b',
    "=?utf-8?q?=42cc?=",
    "{{ 7*7 }}{% skip %}{{ recipient.email }}",
    "\ud800 half",
    " ",
    "x" * 5_000,
]


@pytest.mark.parametrize("name", POISON)
def test_no_name_breaks_a_header_or_the_body(name: str) -> None:
    content = {"subject": "Hi {{ recipient.first_name }}!", "from_name": "{{ recipient.first_name }}"}

    message = parse(render(make_row(first_name=name, last_name=""), **content))

    assert message["Bcc"] is None and len(message["From"].addresses) == len(message["To"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == "anne@example.com"
    assert "49" not in message["Subject"] and message["Subject"].startswith("Hi")


def test_no_header_injection_of_the_corpus_adds_or_changes_a_header() -> None:
    content = {
        "subject": "{{ recipient.first_name }}",
        "from_name": "{{ recipient.first_name }}",
        "reply_to": "{{ recipient.first_name }}",
    }
    make = renderer(make_delivery(**content))
    names = [name for name in parse(make.render(make_row())).keys() if name != "Reply-To"]  # noqa: SIM118

    for payload in payloads("header-injection"):
        message = parse(make.render(make_row(first_name=payload)))

        assert [name for name in message.keys() if name != "Reply-To"] == names, payload  # noqa: SIM118
        assert [one.addr_spec for one in message["To"].addresses] == ["anne@example.com"], payload


def test_naughty_names_and_subjects_are_read_back_as_they_were_but_for_white_space() -> None:
    make = renderer(make_delivery(subject="{{ recipient.last_name }}", from_name="{{ recipient.last_name }}"))

    for payload in payloads("naughty-strings"):
        message = parse(make.render(make_row(first_name="", last_name=payload)))

        assert visible(message["Subject"]) == visible(payload[:1024])
        assert visible(message["To"].addresses[0].display_name) == visible(payload[:200])


def visible(text: str) -> str:
    """Without white space and control characters, which headers do not keep."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)
BODIES = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0{"), max_size=600)


@pytest.mark.parametrize("ending", ["x", ".", "é", " .", "=", "<", "\U00010000"])
@pytest.mark.parametrize("length", range(66, 80))
def test_a_value_that_fills_its_line_neither_outgrows_it_nor_begins_one_with_a_dot(length: int, ending: str) -> None:
    value = "x" * (length - len(ending)) + ending
    row = make_row(first_name=value)

    message = render(row, text="{{ recipient.first_name }}", html="<p>{{ recipient.first_name }}</p>", subject="Hello")

    assert part(parse(message), "plain").strip() == value
    assert not re.search(rb"^\.", message.content, re.MULTILINE)


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=TEXTS, last=TEXTS, subject=TEXTS, body=BODIES)
def test_any_text_survives_the_way_there_and_back(first: str, last: str, subject: str, body: str) -> None:
    row = make_row(first_name=first, last_name=last, attributes={"subject": subject})

    message = parse(render(row, subject="{{ recipient.attributes.subject }}", html="", text=f"x{body}"))

    assert visible(message["Subject"]) == visible(subject)
    assert visible(message["To"].addresses[0].display_name) == visible(f"{first} {last}".strip()[:200])
    raw = message.get_payload(decode=True)
    assert isinstance(raw, bytes)
    expected = f"x{body}".replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    assert raw.decode().replace("\r\n", "\n").rstrip("\n") == expected


def test_it_says_which_columns_of_the_person_it_reads() -> None:
    make = renderer(make_delivery(text="", html="<p>{{ recipient.gender }} {{ recipient.attributes.city }}</p>"))

    assert make.fields == {"first_name", "last_name", "gender", "attributes", "language"}
    assert not make.reads_added
    assert renderer(make_delivery(text="{{ target.score }}")).reads_added
