"""D10, D11, D14, D15, D16, D17, D18: lines, encoded words, header fields and structure, with two readers."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from deliveries.channels.email.addresses import message_id
from deliveries.channels.email.headers import mailbox, unstructured
from tests.deliverability.mails import SENDER_DOMAIN, make_mailing, messages, parse
from tests.deliverability.verifiers import email_mime, write_mails
from tests.deliveries.channels.email.test_mime import visible
from tests.payloads import payloads

pytestmark = pytest.mark.django_db
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Feedback-ID", "List-Id"]


def test_d10_no_line_is_long_and_no_line_end_is_bare() -> None:
    subject = "{{ recipient.first_name }} " + "x" * 400
    html = f"<p>{'y' * 50_000}</p>{{{{ recipient.first_name }}}}"

    for message in messages(make_mailing(subject=subject, html=html), 300):
        head, _blank, body = message.content.partition(b"\r\n\r\n")
        assert max(map(len, head.split(b"\r\n"))) <= 998 and max(map(len, body.split(b"\r\n"))) <= 76
        assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", message.content) is None


def test_d10_a_subject_of_ten_thousand_characters_is_folded() -> None:
    for text in ("x" * 10_000, "é" * 10_000, "word " * 2_000):
        assert max(map(len, unstructured("Subject", text).split(b"\r\n"))) <= 120


@pytest.mark.email_mime
def test_d11_two_readers_agree_on_every_naughty_subject_and_name(tmp_path: Path) -> None:
    names = payloads("naughty-strings")
    mails = [
        unstructured("Subject", name) + mailbox("To", name[:200], "a@example.com") + b"\r\nx\r\n" for name in names
    ]
    theirs = email_mime(write_mails(tmp_path, mails))

    for name, mail, other in zip(names, mails, theirs, strict=True):
        ours = parse(mail)
        assert visible(ours["Subject"]) == visible(name) == visible(other["fields"].get("subject") or "")
        assert visible(ours["To"].addresses[0].display_name) == visible(name[:200])
        for word in re.findall(rb"=\?[^?]+\?[bq]\?[^?]*\?=", mail):
            assert len(word) <= 75


@pytest.mark.email_mime
def test_d11_two_readers_find_the_same_bodies(tmp_path: Path) -> None:
    contents = [message.content for message in messages(make_mailing(), 60)]

    for content, other in zip(contents, email_mime(write_mails(tmp_path, contents)), strict=True):
        ours = parse(content)
        for kind, name in (("plain", "text/plain"), ("html", "text/html")):
            body = ours.get_body((kind,))
            assert body is not None
            assert lines(body.get_content()) == lines(other["parts"][name])


def test_d14_message_ids_are_unique_equal_on_every_attempt_and_say_nothing() -> None:
    mailing = make_mailing()
    first, again = list(messages(mailing, 50)), list(messages(mailing, 50))

    ids = [str(parse(message.content)["Message-ID"]).strip() for message in first]

    assert ids == [str(parse(message.content)["Message-ID"]).strip() for message in again]
    assert len({message_id(number, SENDER_DOMAIN) for number in range(20_000)}) == 20_000
    assert all(re.fullmatch(rf"<[0-9a-f]{{50}}@{re.escape(SENDER_DOMAIN)}>", one) for one in ids)


def test_d15_each_field_is_there_once_the_date_has_its_offset_and_nothing_internal_shows() -> None:
    for message in messages(make_mailing(), 50):
        parsed = parse(message.content)
        for name in ONCE:
            assert len(parsed.get_all(name, [])) == 1, name
        assert parsed["Date"].strip().endswith("+0000") and parsedate_to_datetime(parsed["Date"]).tzinfo
        head = message.content.partition(b"\r\n\r\n")[0].lower()
        assert b"\r\nbcc:" not in head and b"x-mailer" not in head and b"127.0.0.1" not in head


def test_d16_a_mailing_says_that_it_is_one_and_wants_no_automatic_answer() -> None:
    parsed = parse(next(messages(make_mailing(), 1)).content)

    assert parsed["List-Id"] == f"<newsletter.{SENDER_DOMAIN}>" and parsed["Precedence"] == "bulk"
    assert parsed["X-Auto-Response-Suppress"] == "OOF, AutoReply" and parsed["Auto-Submitted"] is None


def test_d17_the_feedback_id_has_four_fields_equal_for_all_recipients() -> None:
    values = {str(parse(message.content)["Feedback-ID"]) for message in messages(make_mailing(), 20)}

    assert len(values) == 1 and len(values.pop().split(":")) == 4


def test_d18_the_text_comes_first_in_utf8_and_holds_the_unsubscribe_link() -> None:
    for message in messages(make_mailing(text=""), 20):
        parsed: Any = parse(message.content)
        text, html = parsed.iter_parts()
        assert parsed.get_content_type() == "multipart/alternative"
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        assert text.get_content_charset() == html.get_content_charset() == "utf-8"
        assert "/t/u/" in text.get_content() and "Bonjour" in text.get_content()


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")
