from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from deliveries.inbound import processing
from deliveries.inbound.processing import Drained, apply_fetched, drain_source, key_of
from deliveries.inbound.readers import Readers
from deliveries.inbound.reading.verdict import Reading, Unreadable
from deliveries.inbound.set_aside import folder, path_of
from deliveries.inbound.sources.base import Fetched
from deliveries.inbound.tokens import broadlog_of
from deliveries.models import Delivery, DeliveryPart, MessageStatus, PartState
from deliveries.models.inbound import InboundMail, InboundSource
from recipients.models import Quarantine
from tests.deliveries.inbound.boxes import left_in, make_box, put, read_box
from tests.deliveries.inbound.mails import bounce, dsn, in_quarantine, make_sent, messages_of, statuses

pytestmark = pytest.mark.django_db
SENT, FAILED = MessageStatus.SENT, MessageStatus.FAILED


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()


class FakeReader:
    """Reads with a function; a reading is known by its mail."""

    def __init__(self, read: Callable[[bytes], Reading]) -> None:
        self._read = read
        self.is_closed = False

    def read(self, raw: bytes) -> Reading:
        return self._read(raw)

    def close(self) -> None:
        self.is_closed = True


def test_bounces_of_a_maildir_are_read_applied_and_forgotten(now: datetime, tmp_path: Path) -> None:
    delivery = make_sent(now)
    rows = messages_of(delivery)
    source = make_box(tmp_path / "box", [dsn(rows[0]), dsn(rows[2], status="5.2.2", text="552 5.2.2 Mailbox full")])

    drained = read_box(source, now)

    assert (drained.outcomes, drained.doubles, drained.error) == ({"applied": 2}, 0, "")
    assert statuses(delivery) == [FAILED, SENT, FAILED]
    assert in_quarantine() == {rows[0].address: "quarantined", rows[2].address: "with_errors"}
    assert left_in(tmp_path / "box") == 0
    source.refresh_from_db()
    assert (source.last_read_at, source.last_error) == (now, "")
    assert {mail.source_id for mail in InboundMail.objects.all()} == {source.pk}


def test_a_mail_read_twice_is_recognised_before_it_is_read_again(now: datetime, tmp_path: Path) -> None:
    row = messages_of(make_sent(now))[0]
    source = make_box(tmp_path / "box", [dsn(row)])
    read_box(source, now)
    put(tmp_path / "box", [dsn(row), dsn(row)])

    drained = read_box(source, now)

    assert (drained.outcomes, drained.doubles) == ({}, 2)
    assert Quarantine.objects.get().error_count == 1
    assert left_in(tmp_path / "box") == 0


def test_a_mail_that_cannot_be_read_is_tried_three_times_and_set_aside(now: datetime) -> None:
    tries: list[bytes] = []
    row = messages_of(make_sent(now))[0]

    def read(raw: bytes) -> Reading:
        tries.append(raw)
        if raw == b"bad":
            raise Unreadable("too slow")
        return bounce(row)

    drained = Drained()
    with Readers(lambda: FakeReader(read), 2) as readers:
        apply_fetched([Fetched("1", b"bad"), Fetched("2", b"good")], None, readers, drained, now=now)

    assert sorted(tries) == [b"bad", b"bad", b"bad", b"good"]
    assert drained.outcomes == {"set_aside": 1, "applied": 1}
    assert path_of(key_of(b"bad")).read_bytes() == b"bad"
    assert [path.name for path in folder().iterdir()] == [f"{key_of(b'bad')}.eml"]


def test_a_mail_that_breaks_its_batch_is_set_aside_alone(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _third = messages_of(make_sent(now))
    readings = {b"1": bounce(first), b"2": bounce(second)}

    def broken(reading: Reading) -> int | None:
        if reading is readings[b"1"]:
            raise RuntimeError("nobody foresaw this")
        return broadlog_of(reading)

    monkeypatch.setattr("deliveries.inbound.applying.broadlog_of", broken)
    drained = Drained()
    with Readers(lambda: FakeReader(readings.__getitem__), 1) as readers:
        apply_fetched([Fetched("1", b"1"), Fetched("2", b"2")], None, readers, drained, now=now)

    assert drained.outcomes == {"set_aside": 1, "applied": 1}
    assert in_quarantine() == {second.address: "quarantined"}


def test_a_source_that_fails_keeps_its_mails_and_says_why(now: datetime, tmp_path: Path) -> None:
    source = InboundSource.objects.create(label="Lost", kind="maildir", url=f"maildir:{tmp_path}/nowhere")

    drained = read_box(source, now)

    source.refresh_from_db()
    assert "nowhere is no Maildir" in drained.error == source.last_error
    assert source.last_read_at is None


def test_a_batch_that_is_not_committed_is_not_forgotten(
    now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    row = messages_of(make_sent(now))[0]
    source = make_box(tmp_path / "box", [dsn(row)])

    def down(*arguments: Any, **values: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(processing, "apply_mails", down)
    with Readers(lambda: FakeReader(lambda raw: bounce(row)), 1) as readers, pytest.raises(OperationalError):
        drain_source(source, readers, clock=lambda: now)

    assert left_in(tmp_path / "box") == 1


def test_a_visit_ends_after_so_many_mails(now: datetime, tmp_path: Path) -> None:
    rows = messages_of(make_sent(now))
    source = make_box(tmp_path / "box", [dsn(row) for row in rows])

    assert read_box(source, now, most=2).mails == 2
    assert left_in(tmp_path / "box") == 1


@pytest.mark.parametrize(
    ("lease", "rest"),
    [
        pytest.param(timedelta(minutes=15), 30, id="while messages leave"),
        pytest.param(timedelta(seconds=-1), 0.05, id="after a sender died"),
        pytest.param(None, 0.05, id="while nobody sends"),
    ],
)
def test_a_storm_lets_the_senders_go_first(
    now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lease: timedelta | None, rest: float
) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]
    if lease is not None:
        _claim(delivery, lease_until=now + lease)
    source = make_box(tmp_path / "box", [dsn(row) for row in messages_of(delivery)])
    rested: list[float] = []
    # Three mails, one every ten seconds: whatever reading them takes is little beside it.
    monkeypatch.setattr(processing, "RATE_WHILE_SENDING", 0.1)
    monkeypatch.setattr("deliveries.inbound.processing.time.sleep", rested.append)

    with Readers(lambda: FakeReader(lambda raw: bounce(row)), 1) as readers:
        drain_source(source, readers, clock=lambda: now)

    assert rested == [pytest.approx(rest, rel=0.1)]


def _claim(delivery: Delivery, *, lease_until: datetime) -> None:
    claim = {"state": PartState.CLAIMED, "claim_token": uuid.uuid4(), "lease_until": lease_until}
    assert DeliveryPart.objects.filter(delivery=delivery).update(**claim) == 1


def test_readers_answer_in_order_and_are_closed() -> None:
    made: list[FakeReader] = []

    def make() -> FakeReader:
        made.append(FakeReader(lambda raw: Reading(subject=raw.decode())))
        return made[-1]

    with Readers(make, 3) as readers:
        found = readers.read_all([str(number).encode() for number in range(10)])

    assert [reading.subject for reading in found if reading] == [str(number) for number in range(10)]
    assert [reader.is_closed for reader in made] == [True] * 3


def test_the_command_reads_the_sources_named_and_fails_when_one_does(
    now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = make_box(tmp_path / "box", [b"Subject: hello\r\n\r\nhello\r\n"])
    bad = InboundSource.objects.create(label="Lost", kind="maildir", url=f"maildir:{tmp_path}/nowhere", enabled=False)

    call_command("process_bounces")
    with pytest.raises(CommandError, match="nowhere"):
        call_command("process_bounces", str(bad.pk))

    assert "Bounces: 1 mails (no_token 1)" in capsys.readouterr().out
    assert InboundMail.objects.get().source == good
