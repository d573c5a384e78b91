from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deliveries.inbound.sources.address import (
    InvalidAddress,
    SourceAddress,
    address_of,
    password_of,
    set_password,
    validate_address,
)
from deliveries.inbound.sources.base import MAXIMUM_BYTES, MailSource, SourceFailed
from deliveries.inbound.sources.imap import ImapSource
from deliveries.inbound.sources.maildir import MaildirSource
from deliveries.inbound.sources.pop3 import Pop3Source
from deliveries.models.inbound import InboundSource
from tests.deliveries.inbound.servers import Box, ImapSession, Pop3Session, served

MAILS = [f"Subject: {number}\r\n\r\nbody {number}\r\n".encode() for number in range(5)]


def entered(port: int, kind: str, **values: Any) -> SourceAddress:
    defaults = {"username": "reader", "password": "secret", "folder": "INBOX", "tls": "off"}
    return SourceAddress(kind, kind, "127.0.0.1", port, **{**defaults, **values})


@pytest.fixture(params=["imap", "pop3"])
def mailbox(request: pytest.FixtureRequest) -> Iterator[tuple[Box, MailSource]]:
    box = Box(*MAILS)
    sources: dict[str, type[MailSource]] = {"imap": ImapSource, "pop3": Pop3Source}
    with served(box, {"imap": ImapSession, "pop3": Pop3Session}[request.param]) as port:
        yield box, sources[request.param](entered(port, request.param))


def test_a_mailbox_hands_out_its_mails_in_batches_and_deletes_what_was_applied(
    mailbox: tuple[Box, MailSource],
) -> None:
    box, source = mailbox
    with source:
        first, second = source.fetch(3), source.fetch(3)
        assert [mail.raw for mail in (*first, *second)] == MAILS
        assert source.fetch(3) == []
        source.forget([mail.handle for mail in first])

    assert list(box.mails.values()) == MAILS[3:]


def test_reading_alone_changes_nothing(mailbox: tuple[Box, MailSource]) -> None:
    box, source = mailbox
    with source:
        source.fetch(10)

    assert (len(box.mails), box.seen, box.deleted) == (5, set(), set())


def test_a_mail_that_is_too_large_is_read_so_far() -> None:
    box = Box(b"Subject: large\r\n\r\n" + b"x" * (MAXIMUM_BYTES + 1000) + b"\r\n")
    with served(box, ImapSession) as port, ImapSource(entered(port, "imap")) as source:
        assert [len(mail.raw) for mail in source.fetch(5)] == [MAXIMUM_BYTES]


def test_a_box_with_more_mails_than_one_answer_can_name_is_read() -> None:
    # Ten digits a mail: more than the million bytes that imaplib takes in one line.
    box = Box(*[b"Subject: x\r\n\r\n"] * 100_000, first=4_000_000_000)
    with served(box, ImapSession) as port, ImapSource(entered(port, "imap")) as source:
        assert [len(source.fetch(500)) for _batch in range(3)] == [500] * 3


def test_a_mailbox_that_is_not_there_is_said_when_it_is_entered() -> None:
    with (
        served(Box(), ImapSession) as port,
        pytest.raises(SourceFailed, match="there is no such mailbox"),
        ImapSource(entered(port, "imap", folder="Nowhere")),
    ):
        pass


def test_a_mailbox_that_is_kept_marks_what_it_has_read() -> None:
    box = Box(*MAILS)
    with served(box, ImapSession) as port:
        for _visit in range(2):
            with ImapSource(entered(port, "imap", keeps=True)) as source:
                found = source.fetch(10)
                source.forget([mail.handle for mail in found])

    assert found == []
    assert (len(box.mails), box.seen) == (5, {1, 2, 3, 4, 5})


@pytest.mark.parametrize(("session", "kind"), [(ImapSession, ImapSource), (Pop3Session, Pop3Source)])
def test_a_token_opens_the_mailbox_as_xoauth2(session: Any, kind: type[MailSource]) -> None:
    box = Box(*MAILS)
    with served(box, session) as port:
        address = entered(port, "imap", authentication="xoauth2", password="the-token")
        with kind(address) as source:
            assert len(source.fetch(9)) == 5

    answer = base64.b64decode(box.tokens[0])
    assert answer == b"user=reader\x01auth=Bearer the-token\x01\x01"


@pytest.mark.parametrize(("session", "kind"), [(ImapSession, ImapSource), (Pop3Session, Pop3Source)])
def test_a_wrong_password_is_said_and_not_shown(session: Any, kind: type[MailSource]) -> None:
    with (
        served(Box(), session) as port,
        pytest.raises(SourceFailed) as error,
        kind(entered(port, "imap", password="no-such-secret")),
    ):
        pass

    assert str(port) in str(error.value)
    assert "no-such-secret" not in str(error.value)


@pytest.mark.parametrize("kind", [ImapSource, Pop3Source])
def test_a_server_that_is_not_there_is_said(kind: type[MailSource]) -> None:
    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1:9"), kind(entered(9, "imap")):
        pass


def make_maildir(root: Path, *mails: bytes) -> SourceAddress:
    for name in ("tmp", "new", "cur"):
        (root / name).mkdir(parents=True)
    for number, raw in enumerate(mails):
        (root / "new" / f"{number}.host").write_bytes(raw)
    return SourceAddress("maildir", "maildir", folder=str(root))


def test_a_maildir_claims_by_a_move_and_deletes_what_was_applied(tmp_path: Path) -> None:
    address = make_maildir(tmp_path / "box", *MAILS)
    with MaildirSource(address) as source:
        found = source.fetch(2)
        assert [mail.raw for mail in found] == MAILS[:2]
        assert len(list((tmp_path / "box" / "new").iterdir())) == 3
        source.forget([mail.handle for mail in found])

    assert list((tmp_path / "box" / "cur").iterdir()) == []


def test_what_a_reader_claimed_and_never_finished_is_read_by_the_next(tmp_path: Path) -> None:
    address = make_maildir(tmp_path / "box", *MAILS)
    with MaildirSource(address) as source:
        source.fetch(2)
    with MaildirSource(address) as source:
        assert [mail.raw for mail in source.fetch(9)] == MAILS
        assert source.fetch(9) == []


def test_a_maildir_that_is_kept_marks_its_mails_as_seen(tmp_path: Path) -> None:
    address = SourceAddress("maildir", "maildir", folder=make_maildir(tmp_path / "box", *MAILS[:1]).folder, keeps=True)
    with MaildirSource(address) as source:
        source.forget([mail.handle for mail in source.fetch(9)])
    with MaildirSource(address) as source:
        assert source.fetch(9) == []

    assert [path.name for path in (tmp_path / "box" / "cur").iterdir()] == ["0.host:2,S"]


def test_a_folder_that_is_no_maildir_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceFailed, match="no Maildir"),
        MaildirSource(SourceAddress("maildir", "maildir", folder=str(tmp_path))),
    ):
        pass


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("imap", "imaps://bounces@mail.example.com/INBOX"),
        ("imap", "imap://localhost:1143/Bounces?keep=1&tls=off"),
        ("pop3", "pop3s://bounces@mail.example.com:1995"),
        ("maildir", "maildir:/var/mail/bounces"),
        ("listener", "lmtp://127.0.0.1:8024"),
        ("webhook", "mailgun"),
    ],
)
def test_addresses_that_a_source_may_have(kind: str, url: str) -> None:
    validate_address(kind, url)


@pytest.mark.parametrize(
    ("kind", "url", "says"),
    [
        ("imap", "pop3s://mail.example.com", "begins with"),
        ("imap", "imaps:///INBOX", "names no server"),
        ("imap", "imaps://user:secret@mail.example.com", "Leave the password out"),
        ("imap", "imaps://mail.example.com:99999", "port"),
        ("imap", "imaps://mail.example.com?verify=no", "no option verify"),
        ("pop3", "pop3://mail.example.com?tls=maybe", "tls is"),
        ("maildir", "maildir:relative/path", "whole path"),
        ("maildir", "maildir:/var/mail/../../etc", "whole path"),
    ],
)
def test_addresses_that_a_source_may_not_have(kind: str, url: str, says: str) -> None:
    with pytest.raises(InvalidAddress, match=says):
        validate_address(kind, url)


@pytest.mark.django_db
def test_a_password_is_kept_encrypted_and_outlives_a_rotation_of_the_key(settings: Any) -> None:
    source = InboundSource.objects.create(label="Bounces", kind="imap", url="imaps://me@mail.example.com")
    set_password(source, "very secret")
    source.refresh_from_db()

    assert "very secret" not in source.encrypted_password
    assert address_of(source).password == "very secret"
    assert "very secret" not in repr(address_of(source))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    assert password_of(source) == "very secret"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidAddress, match="enter it again"):
        password_of(source)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("imaps://me@mail.example.com", "implicit"),
        ("imap://me@mail.example.com", "required"),
        ("imap://me@mail.example.com?tls=off", "off"),
        ("imap://me@127.0.0.1", "off"),
        ("imap://me@127.0.0.1?tls=required", "required"),
    ],
)
def test_passwords_travel_in_clear_only_inside_the_machine_or_where_asked(url: str, tls: str) -> None:
    assert address_of(InboundSource(label="Bounces", kind="imap", url=url)).tls == tls
