"""Mailboxes over TLS: from the first byte or by STARTTLS, with a certificate that is checked, by password or token."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import Any

import pytest

from deliveries.inbound.sources.address import SourceAddress, set_password
from deliveries.inbound.sources.base import MailSource, SourceFailed
from deliveries.inbound.sources.imap import ImapSource
from deliveries.inbound.sources.pop3 import Pop3Source
from deliveries.models import MessageStatus
from deliveries.models.inbound import InboundSource
from tests.certificates import Authority, make_authority, make_self_signed
from tests.deliveries.inbound.boxes import read_box
from tests.deliveries.inbound.mails import dsn, make_sent, messages_of, statuses
from tests.deliveries.inbound.servers import Box, ImapSession, Pop3Session, served

MAIL = b"Subject: one\r\n\r\nbody\r\n"
HOST = "localhost"
KINDS: dict[str, tuple[type[StreamRequestHandler], type[MailSource]]] = {
    "imap": (ImapSession, ImapSource),
    "pop3": (Pop3Session, Pop3Source),
}
TOKEN = b"user=reader\x01auth=Bearer the-token\x01\x01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return make_authority(folder, "trusted")


@pytest.fixture(scope="module")
def certificates(folder: Path, authority: Authority) -> dict[str, Path]:
    return {
        "good": authority.issue(folder, [HOST, HOST]),
        "expired": authority.issue(folder, [HOST, HOST], begins=-9, ends=-2),
        "of another host": authority.issue(folder, ["mail.example.com", "mail.example.com"]),
        "of another authority": make_authority(folder, "other").issue(folder, [HOST, HOST]),
        "self-signed": make_self_signed(folder, HOST),
    }


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's authority is the only one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))


@contextmanager
def mailbox(box: Box, kind: str, tls: str, certificate: Path | None, **values: Any) -> Iterator[MailSource]:
    session, source = KINDS[kind]
    with served(box, session, certificate=certificate, implicit=tls == "implicit") as port:
        defaults = {"username": "reader", "password": "secret", "folder": "INBOX", "tls": tls}
        yield source(SourceAddress(kind, kind, HOST, port, **{**defaults, **values}))


each_kind = pytest.mark.parametrize("kind", KINDS)
each_way = pytest.mark.parametrize("tls", ["implicit", "required"])


@each_kind
@each_way
def test_a_mailbox_is_read_encrypted_and_the_password_never_travels_in_clear(
    kind: str, tls: str, certificates: dict[str, Path]
) -> None:
    box = Box(MAIL)
    with mailbox(box, kind, tls, certificates["good"]) as source, source:
        (mail,) = source.fetch(9)
        source.forget([mail.handle])

    assert mail.raw == MAIL
    assert (box.mails, box.encrypted) == ({}, [True])


@each_kind
@each_way
def test_a_token_opens_an_encrypted_mailbox(kind: str, tls: str, certificates: dict[str, Path]) -> None:
    box = Box(MAIL, token=base64.b64encode(TOKEN))
    token = {"authentication": "xoauth2", "password": "the-token"}
    with mailbox(box, kind, tls, certificates["good"], **token) as source, source:
        assert [mail.raw for mail in source.fetch(9)] == [MAIL]

    assert box.encrypted == [True]


@each_kind
def test_a_token_that_is_refused_is_said_and_not_shown(kind: str, certificates: dict[str, Path]) -> None:
    box = Box(MAIL, token=base64.b64encode(TOKEN))
    old = {"authentication": "xoauth2", "password": "an-old-token"}
    with (
        mailbox(box, kind, "implicit", certificates["good"], **old) as source,
        pytest.raises(SourceFailed, match="the token has expired") as refused,
        source,
    ):
        pass

    assert "an-old-token" not in str(refused.value)
    assert len(box.mails) == 1


BAD = {
    "expired": "certificate has expired",
    "of another host": "not valid for 'localhost'",
    "of another authority": "local issuer",
    "self-signed": "self-signed|self signed",
}


@each_kind
@each_way
@pytest.mark.parametrize("name", BAD)
def test_a_bad_certificate_is_refused_in_words_and_nobody_enters(
    kind: str, tls: str, name: str, certificates: dict[str, Path]
) -> None:
    box = Box(MAIL)
    with (
        mailbox(box, kind, tls, certificates[name]) as source,
        pytest.raises(SourceFailed, match=rf"localhost:\d+ shows a certificate that is not trusted: .*({BAD[name]})"),
        source,
    ):
        pass

    assert (box.encrypted, len(box.mails)) == ([], 1)


@each_kind
def test_a_server_that_offers_no_encryption_gets_no_password(kind: str) -> None:
    box = Box(MAIL)
    with mailbox(box, kind, "required", None) as source, pytest.raises(SourceFailed, match="TLS not supported"), source:
        pass

    assert box.encrypted == []


@pytest.mark.django_db
@pytest.mark.parametrize(("scheme", "tls"), [("imaps", "implicit"), ("imap", "required"), ("pop3s", "implicit")])
def test_bounces_come_in_over_tls_from_the_address_to_the_database(
    scheme: str, tls: str, certificates: dict[str, Path], now: datetime, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    delivery = make_sent(now, people=2)
    kind = scheme.removesuffix("s")
    with served(
        Box(*map(dsn, messages_of(delivery))),
        KINDS[kind][0],
        certificate=certificates["good"],
        implicit=tls == "implicit",
    ) as port:
        url = f"{scheme}://reader@{HOST}:{port}{'' if tls == 'implicit' else '?tls=required'}"
        source = InboundSource.objects.create(label="Bounces", kind=kind, url=url)
        set_password(source, "secret")
        drained = read_box(source, now)

    assert (drained.outcomes, drained.error) == ({"applied": 2}, "")
    assert statuses(delivery) == [MessageStatus.FAILED] * 2
