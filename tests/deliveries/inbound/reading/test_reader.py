from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.reader import Reader
from deliveries.inbound.reading.rules import Rule
from deliveries.inbound.reading.verdict import Kind, Unreadable
from tests.deliveries.inbound.reading.dialects import DIALECTS, Dialect
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

MAIL = DIALECTS[0].mail()
# Doubles its work with each letter.
ENDLESS = Rule("endless", r"(?:a+)+z", 1, "subject", "other")
VICTIM = b"From: x@y.example\nSubject: " + b"a" * 60 + b"!\n\nHello\n"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(PRODUCT_RULES) as reader:
        yield reader


def pid_of(reader: Reader) -> int:
    assert reader._child is not None
    return reader._child.pid


@pytest.mark.parametrize("dialect", DIALECTS[::5], ids=lambda dialect: dialect.name)
def test_the_child_reads_a_mail_as_the_parent_would(reader: Reader, dialect: Dialect) -> None:
    raw = dialect.mail()

    assert reader.read(raw) == read_mail(raw, PRODUCT_RULES)


def test_one_child_reads_many_mails(reader: Reader) -> None:
    reader.read(MAIL)
    before = pid_of(reader)

    for _ in range(20):
        reader.read(MAIL)

    assert pid_of(reader) == before


def test_s30_a_child_that_died_is_replaced_at_the_next_mail(reader: Reader) -> None:
    reader.read(MAIL)
    os.kill(pid_of(reader), signal.SIGKILL)

    with contextlib.suppress(Unreadable):
        reader.read(MAIL)

    assert reader.read(MAIL).kind == Kind.BOUNCE


def test_s30_a_child_that_dies_over_a_mail_makes_that_mail_unreadable(reader: Reader) -> None:
    reader.read(MAIL)
    os.kill(pid_of(reader), signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (pid_of(reader), signal.SIGKILL))
    killer.start()

    with pytest.raises(Unreadable, match="process that read it ended"):
        reader.read(MAIL)

    assert reader.read(MAIL).kind == Kind.BOUNCE


def test_s30_a_child_that_does_not_answer_in_time_is_ended() -> None:
    with Reader(PRODUCT_RULES, seconds=0.5) as reader:
        with contextlib.suppress(Unreadable):
            reader.read(MAIL)
        os.kill(pid_of(reader), signal.SIGSTOP)

        with pytest.raises(Unreadable, match=r"longer than 0\.5 s"):
            reader.read(MAIL)

        assert reader._child is None


def test_s30_a_child_whose_memory_is_full_is_replaced_before_the_next_mail(reader: Reader) -> None:
    reader.read(MAIL)
    full = pid_of(reader)
    used = int(Path(f"/proc/{full}/statm").read_text().split()[0]) * resource.getpagesize()
    # Room for the mail, not for its lines.
    resource.prlimit(full, resource.RLIMIT_AS, (used + 8 * 1024 * 1024, 256 * 1024 * 1024))

    with pytest.raises(Unreadable, match="too much memory"):
        reader.read(MAIL + b"ab\n" * 300_000)

    assert reader.read(MAIL).kind == Kind.BOUNCE
    assert pid_of(reader) != full


def test_s30_a_child_that_reads_gives_way_to_whoever_sends(reader: Reader) -> None:
    reader.read(MAIL)

    assert os.getpriority(os.PRIO_PROCESS, pid_of(reader)) > os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.slow
def test_s30_a_rule_that_never_ends_costs_one_mail_and_is_named() -> None:
    rules = replace(PRODUCT_RULES, rules=(*PRODUCT_RULES.rules, ENDLESS))
    with Reader(rules) as reader:
        reader.read(MAIL)
        started = time.monotonic()

        with pytest.raises(Unreadable, match="endless"):
            reader.read(VICTIM)

        assert time.monotonic() - started < 5.5
        assert reader.slow_rules == ["endless"]
        assert reader.read(VICTIM).kind == Kind.OTHER


def test_s30_the_child_may_use_256_mb_and_knows_no_secrets(reader: Reader) -> None:
    reader.read(MAIL)
    with Path(f"/proc/{pid_of(reader)}/limits").open() as limits:
        allowed = next(line for line in limits if line.startswith("Max address space"))
    with Path(f"/proc/{pid_of(reader)}/environ").open() as environment:
        names = {pair.partition("=")[0] for pair in environment.read().split("\0") if pair}

    assert allowed.split()[3] == str(256 * 1024 * 1024)
    assert names <= {"PYTHONPATH", "LANG", "LC_CTYPE"}


def test_a_huge_mail_is_read_by_its_beginning(reader: Reader) -> None:
    assert reader.read(MAIL + b"x" * 20_000_000) == reader.read(MAIL + b"x" * 2_000_000)


def test_threads_share_a_reader(reader: Reader) -> None:
    kinds: list[str] = []
    threads = [threading.Thread(target=lambda: kinds.append(reader.read(MAIL).kind)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kinds == [Kind.BOUNCE] * 8


def test_closing_ends_the_child() -> None:
    reader = Reader(PRODUCT_RULES)
    reader.read(MAIL)
    child = reader._child

    reader.close()

    assert isinstance(child, subprocess.Popen) and child.returncode is not None
