"""What the log of Postfix says of our messages, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.mta.settling.formats import Sight, Sighting
from deliveries.mta.settling.postfix import PostfixLog
from tests.deliveries.mta.settling.postfix_lines import line, seen, stamp, taken

NOW = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)


def read(text: str, *broadlogs: int) -> dict[int, Sighting]:
    reader = PostfixLog(broadlogs)
    for raw in text.encode().splitlines(keepends=True):
        reader.feed(raw)
    return reader.sightings


@pytest.mark.parametrize("end", ["sent", "deferred"])
def test_what_entered_the_queue_was_taken(end: str) -> None:
    assert read(taken(NOW, "4ABCDEF", 7, then=end), 7)[7].sight is Sight.TAKEN


def test_a_long_queue_name_is_one_too() -> None:
    assert read(taken(NOW, "4fXyZ12bWsz1Qk", 7), 7)[7].sight is Sight.TAKEN


def test_a_bounce_keeps_its_code_and_its_text() -> None:
    said = "host mx[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)"
    found = read(taken(NOW, "4ABCDEF", 7, then="bounced", text=said), 7)[7]

    assert (found.sight, found.enhanced, found.detail) == (Sight.BOUNCED, "5.1.1", said)


def test_a_message_that_was_only_begun_was_not_taken() -> None:
    text = seen(NOW, "4ABCDEF", 7) + line(NOW, "lost connection after DATA from localhost", daemon="smtpd")
    assert read(text, 7)[7].sight is Sight.SEEN


def test_a_message_that_a_milter_refused_was_not_taken() -> None:
    refusal = "4ABCDEF: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 5.7.1 no; from=<b@example.com>"
    assert read(seen(NOW, "4ABCDEF", 7) + line(NOW, refusal, daemon="cleanup"), 7)[7].sight is Sight.SEEN


def test_other_messages_are_nobodys_business() -> None:
    assert read(taken(NOW, "4ABCDEF", 8) + taken(NOW, "4ABCDE0", 7), 9) == {}


def test_a_name_of_the_queue_that_is_used_again_is_somebody_elses() -> None:
    text = seen(NOW, "4ABCDEF", 7) + taken(NOW, "4ABCDEF", 8)
    assert read(text, 7)[7].sight is Sight.SEEN


def test_a_forged_message_id_is_not_believed() -> None:
    text = taken(NOW, "4ABCDEF", 7)
    local = text.partition("message-id=<")[2].partition("@")[0]
    assert read(text.replace(local, ("0" if local[0] != "0" else "1") + local[1:]), 7) == {}


def test_the_memory_does_not_grow_with_the_log() -> None:
    reader = PostfixLog([7])
    for number in range(1000):
        for raw in taken(NOW, f"4ABC{number:04X}", 1000 + number).encode().splitlines():
            reader.feed(raw)
    assert not reader._entries
    assert not reader.sightings


@given(st.binary(max_size=300))
def test_no_line_does_harm(raw: bytes) -> None:
    reader = PostfixLog([7])
    reader.feed(b"Nov 21 16:30:00 relay postfix/cleanup[1]: " + raw)
    PostfixLog.time_of(raw, NOW)

    # Nothing names message 7, so nothing is concluded about it.
    assert not reader.sightings


@pytest.mark.parametrize("precise", [False, True])
def test_lines_say_when_they_were_written(precise: bool) -> None:
    assert PostfixLog.time_of(line(NOW, "x", precise=precise).encode(), NOW) == NOW


def test_a_date_without_a_year_is_never_in_the_future() -> None:
    december = NOW.replace(month=12, day=31)
    found = PostfixLog.time_of(f"{stamp(december)} relay postfix/qmgr[1]: x".encode(), NOW)
    assert found is not None
    assert timedelta(0) < NOW - found < timedelta(days=366)


def test_a_line_without_a_date_has_none() -> None:
    assert PostfixLog.time_of(b"Foo 99 aa:bb nothing", NOW) is None
