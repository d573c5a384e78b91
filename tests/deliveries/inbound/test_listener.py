"""Mails that other servers bring: by LMTP and SMTP, from real clients, to processes that are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from deliveries.channels.email.addresses import bounce_address, unsubscription_address
from deliveries.inbound import listener
from deliveries.inbound.sources import spool
from deliveries.inbound.sources.address import address_of
from deliveries.inbound.sources.base import MAXIMUM_BYTES
from deliveries.models import MessageStatus
from deliveries.models.inbound import InboundSource
from tests.deliveries.inbound.boxes import read_box
from tests.deliveries.inbound.mails import DOMAIN, dsn, in_quarantine, make_sent, messages_of, statuses
from tests.faults.installation import Installation
from tests.smtp_server import HOST, free_port, wait_for_port

SENT, FAILED = MessageStatus.SENT, MessageStatus.FAILED
MAIL = b"From: MAILER-DAEMON@mx.example.com\r\nSubject: Undelivered\r\n\r\nGone.\r\n"
CLIENTS: dict[str, type[smtplib.SMTP]] = {"lmtp": smtplib.LMTP, "smtp": smtplib.SMTP}
each_protocol = pytest.mark.parametrize("scheme", CLIENTS)


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()


@contextmanager
def listening(scheme: str = "lmtp", domain: str = "") -> Iterator[InboundSource]:
    """The source, while its listener runs in a thread."""
    source = InboundSource(label="Listener", kind="listener", url=f"{scheme}://{HOST}:{free_port()}", domain=domain)
    address, loop, stopped = address_of(source), asyncio.new_event_loop(), asyncio.Event()
    serving = listener.serve(address, spool.make_folder(address), domain, stopped=stopped)
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), daemon=True)
    thread.start()
    try:
        wait_for_port(address.port)
        yield source
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)


def client(source: InboundSource) -> smtplib.SMTP:
    address = address_of(source)
    return CLIENTS[address.scheme](address.host, address.port, timeout=30)


def kept(source: InboundSource) -> list[bytes]:
    """In the order in which they will be read."""
    with spool.spooled(address_of(source)) as box:
        return [mail.raw for mail in box.fetch(500)]


@each_protocol
@pytest.mark.django_db
def test_bounces_that_a_server_brings_are_applied(scheme: str, now: datetime) -> None:
    delivery = make_sent(now)
    rows = messages_of(delivery)
    with listening(scheme) as source, client(source) as server:
        for row in rows[:2]:
            assert server.sendmail("", [bounce_address(row.pk, DOMAIN)], dsn(row)) == {}
    source.save()

    drained = read_box(source, now)

    assert (drained.outcomes, drained.error) == ({"applied": 2}, "")
    assert statuses(delivery) == [FAILED, FAILED, SENT]
    assert kept(source) == []


@each_protocol
@pytest.mark.django_db
def test_the_envelope_names_the_message_where_the_headers_do_not(scheme: str, now: datetime) -> None:
    row = messages_of(make_sent(now))[0]
    with listening(scheme) as source, client(source) as server:
        server.sendmail("", [bounce_address(row.pk, DOMAIN)], dsn(row, to="postmaster@bounces.example.com"))
    source.save()

    assert read_box(source, now).outcomes == {"applied": 1}
    assert in_quarantine() == {row.address: "quarantined"}


@each_protocol
def test_only_addresses_that_we_signed_are_taken_without_a_domain(scheme: str) -> None:
    ours, theirs = unsubscription_address(7, DOMAIN), ["victim@example.org", f"b+{'0' * 40}@{DOMAIN}"]
    with listening(scheme) as source, client(source) as server:
        refused = server.sendmail("", [*theirs, ours], MAIL)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.sendmail("spam@example.org", theirs, MAIL)

    assert {address: code for address, (code, _text) in refused.items()} == dict.fromkeys(theirs, 550)
    assert [mail.partition(b"\r\n")[0].decode() for mail in kept(source)] == [f"Delivered-To: {ours}"]


@each_protocol
def test_any_address_of_its_domain_is_taken_and_no_other(scheme: str) -> None:
    with listening(scheme, domain="bounces.example.com") as source, client(source) as server:
        refused = server.sendmail("", ["any@BOUNCES.example.com", "any@example.com", "any@x.bounces.example.com"], MAIL)

    assert sorted(refused) == ["any@example.com", "any@x.bounces.example.com"]
    assert len(kept(source)) == 1


def test_lmtp_answers_for_each_recipient() -> None:
    with listening(domain=DOMAIN) as source, socket.create_connection((HOST, address_of(source).port), 30) as server:
        talk = server.makefile("rwb")
        commands = ["LHLO me", "MAIL FROM:<>", *(f"RCPT TO:<{name}@{DOMAIN}>" for name in "abc"), "DATA"]
        for command in [*commands, MAIL.decode() + ".", "QUIT"]:
            talk.write(command.encode() + b"\r\n")
        talk.flush()
        replies = [line[:3] for line in talk if line[3:4] == b" "]

    assert replies == [b"220", b"250", b"250", b"250", b"250", b"250", b"354", b"250", b"250", b"250", b"221"]
    assert len(kept(source)) == 3


@each_protocol
def test_a_mail_that_is_too_large_is_refused_announced_or_not(scheme: str) -> None:
    large = MAIL + b"x" * 70 + b"\r\n"
    large += (b"y" * 70 + b"\r\n") * (10 * MAXIMUM_BYTES // 72 + 1)
    with listening(scheme, domain=DOMAIN) as source:
        with client(source) as server:
            server.ehlo_or_helo_if_needed()
            announced = server.docmd(f"MAIL FROM:<> SIZE={len(large)}")[0]
        with client(source) as server, pytest.raises(smtplib.SMTPDataError) as refused:
            server.ehlo_or_helo_if_needed()
            server.esmtp_features.pop("size")
            server.sendmail("", [f"any@{DOMAIN}"], large)
        with client(source) as server:
            server.sendmail("", [f"any@{DOMAIN}"], MAIL)

    assert (announced, refused.value.smtp_code) == (552, 552)
    assert [mail.endswith(MAIL) for mail in kept(source)] == [True]


def test_mails_are_read_in_the_order_in_which_they_came() -> None:
    with listening(domain=DOMAIN) as source, client(source) as server:
        for number in range(12):
            server.sendmail("", [f"any@{DOMAIN}"], b"Subject: %d\r\n\r\n" % number)

    assert [int(mail.rpartition(b"Subject: ")[2]) for mail in kept(source)] == list(range(12))


def test_a_reply_comes_only_when_the_mail_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, begun = threading.Event(), threading.Event()

    def slow(root: Path, raw: bytes) -> str:
        begun.set()
        assert may_end.wait(30)
        return spool.keep(root, raw)

    monkeypatch.setattr(listener, "keep", slow)
    told = threading.Event()
    with listening(domain=DOMAIN) as source, client(source) as server:

        def send() -> None:
            server.sendmail("", [f"any@{DOMAIN}"], MAIL)
            told.set()

        thread = threading.Thread(target=send)
        thread.start()
        assert begun.wait(30)
        was_told = told.wait(0.2)
        may_end.set()
        thread.join(30)

    assert (was_told, told.is_set(), len(kept(source))) == (False, True, 1)


def test_a_mail_and_its_name_are_on_disk_before_it_counts_as_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    root = spool.make_folder(address_of(InboundSource(kind="listener", url="lmtp://127.0.0.1:8024")))
    synchronised, really = [], os.fsync

    def fsync(number: int) -> None:
        what = Path(f"/proc/self/fd/{number}").readlink()
        synchronised.append((what.parent.name, len(list(root.glob("new/*")))))
        really(number)

    monkeypatch.setattr(os, "fsync", fsync)
    spool.keep(root, MAIL)

    # The contents while it had no name yet, then the folder that names it.
    assert synchronised == [("tmp", 0), (root.name, 1)]


def test_a_disk_that_is_full_is_said_and_the_next_mail_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([OSError(28, "No space left on device"), None])

    def keep(root: Path, raw: bytes) -> str:
        error = next(answers)
        if error is not None:
            raise error
        return spool.keep(root, raw)

    monkeypatch.setattr(listener, "keep", keep)
    with listening(domain=DOMAIN) as source, client(source) as server:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            server.sendmail("", [f"any@{DOMAIN}"], MAIL)
        server.sendmail("", [f"any@{DOMAIN}"], MAIL)

    assert refused.value.smtp_code == 451
    assert len(kept(source)) == 1


@pytest.mark.django_db
def test_only_a_listener_listens_and_on_a_free_port() -> None:
    other = InboundSource.objects.create(label="Box", kind="maildir", url="maildir:/var/mail/bounces")
    with pytest.raises(CommandError, match="not a listener"):
        call_command("inbound", "listen", str(other.pk))

    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        url = f"lmtp://{HOST}:{taken.getsockname()[1]}"
        source = InboundSource.objects.create(label="Listener", kind="listener", url=url)
        with pytest.raises(CommandError, match="in use"):
            call_command("inbound", "listen", str(source.pk))


PREPARE = """
from django.utils import timezone
from deliveries.channels.email.addresses import bounce_address
from deliveries.models.inbound import InboundSource
from tests.deliveries.inbound.mails import DOMAIN, dsn, make_sent, messages_of
InboundSource.objects.create(label="Listener", kind="listener", url="lmtp://127.0.0.1:{port}")
from pathlib import Path
for row in messages_of(make_sent(timezone.now(), people={people})):
    Path("{folder}", f"{{row.pk:06d}}").write_bytes(bounce_address(row.pk, DOMAIN).encode() + b"\\n" + dsn(row))
"""


class Site:
    """An installation with a listener of its own, and mails to bring there."""

    def __init__(self, folder: Path, people: int) -> None:
        self.port = free_port()
        self.installation = Installation(folder / "site", database_url="", smtp_port=9)
        self.installation.migrate()
        (folder / "mails").mkdir()
        values = {"port": self.port, "people": people, "folder": folder / "mails"}
        made = self.installation.manage("shell", "-c", PREPARE.format(**values))
        assert made.returncode == 0, made.stderr
        self.mails = [path.read_bytes().split(b"\n", 1) for path in sorted((folder / "mails").iterdir())]

    @contextmanager
    def running(self, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        process = self.installation.start("inbound", "listen", "1", **environment)
        try:
            deadline = time.monotonic() + 60
            while process.poll() is None and not _answers(self.port):
                assert time.monotonic() < deadline, self.installation.log()
                time.sleep(0.05)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def bring(self, mails: list[list[bytes]]) -> int:
        """How many of them the listener said it had kept, before it was gone."""
        said = 0
        try:
            with smtplib.LMTP(HOST, self.port, timeout=30) as server:
                for address, raw in mails:
                    server.sendmail("", [address.decode()], raw)
                    said += 1
        except (smtplib.SMTPException, OSError):
            pass
        return said

    def read(self) -> list[tuple[Any, ...]]:
        done = self.installation.manage("process_bounces")
        assert done.returncode == 0, done.stderr
        return self.installation.query("SELECT outcome, count(*) FROM deliveries_inboundmail GROUP BY 1")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("point", "in_spool"), [("before_kept", 2), ("before_reply", 3)])
def test_a_listener_killed_over_a_mail_lost_nothing_that_it_had_confirmed(
    point: str, in_spool: int, tmp_path: Path
) -> None:
    site = Site(tmp_path, people=4)
    with site.running(DIFFUSION_FAILPOINT=f"{point}:kill:3") as process:
        assert site.bring(site.mails) == 2
        assert process.wait(30) == -signal.SIGKILL
    spooled = list((site.installation.folder / "inbound" / "spool").glob("*/new/*"))
    assert len(spooled) == in_spool

    # Whoever was not answered brings his mail again; what was kept all the same is recognised.
    with site.running():
        assert site.bring(site.mails[2:]) == 2
    assert site.read() == [("applied", 4)]
    assert site.installation.query("SELECT sent, failed FROM deliveries_delivery") == [(0, 4)]


@pytest.mark.slow
def test_a_listener_killed_at_any_moment_has_what_it_confirmed(tmp_path: Path) -> None:
    site = Site(tmp_path, people=200)
    confirmed = 0
    for _kill in range(3):
        with site.running() as process:
            killer = threading.Timer(0.15, process.kill)
            killer.start()
            confirmed += site.bring(site.mails[confirmed:])
            process.wait(30)
            killer.join()

    with site.running():
        assert site.bring(site.mails[confirmed:]) == 200 - confirmed
    assert site.read() == [("applied", 200)]


def test_what_a_killed_listener_left_half_written_goes_after_a_day_and_a_half() -> None:
    root = spool.make_folder(address_of(InboundSource(kind="listener", url="lmtp://127.0.0.1:8024")))
    for name, hours in (("old", 37), ("new", 1)):
        (root / "tmp" / name).write_bytes(MAIL)
        os.utime(root / "tmp" / name, (time.time() - hours * 3600,) * 2)

    spool.sweep(root)

    assert [path.name for path in (root / "tmp").iterdir()] == ["new"]
