"""A log that rotates is read from the instant that matters on, whatever its files are called."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deliveries.mta.settling.files import LogSpan
from deliveries.mta.settling.postfix import PostfixLog
from tests.deliveries.mta.settling.postfix_lines import line

NOW = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def text(*hours: float) -> str:
    return "".join(line(NOW - hour * HOUR, f"hour {hour}") for hour in hours)


def span(path: Path, since: datetime) -> LogSpan:
    return LogSpan(path, since, lambda raw: PostfixLog.time_of(raw, NOW))


def said(found: LogSpan) -> list[str]:
    return [raw.decode().rstrip().rpartition("]: ")[2] for raw in found.lines()]


def rotate(folder: Path) -> Path:
    log = folder / "mail.log"
    log.write_text(text(1, 0))
    (folder / "mail.log.1").write_text(text(3, 2))
    (folder / "mail.log.2.gz").write_bytes(gzip.compress(text(5, 4).encode()))
    (folder / "mail.log.3.gz").write_bytes(gzip.compress(text(7, 6).encode()))
    for age, name in enumerate(["mail.log", "mail.log.1", "mail.log.2.gz", "mail.log.3.gz"]):
        os.utime(folder / name, (1_800_000_000 - age * 7200,) * 2)
    return log


def test_it_goes_back_through_the_rotated_files_as_far_as_needed(tmp_path: Path) -> None:
    found = span(rotate(tmp_path), NOW - 4.5 * HOUR)

    assert said(found) == [f"hour {hour}" for hour in (5, 4, 3, 2, 1, 0)]
    assert (found.begins, found.ends) == (NOW - 5 * HOUR, NOW)


def test_the_newest_file_alone_is_enough_for_what_is_new(tmp_path: Path) -> None:
    assert said(span(rotate(tmp_path), NOW - HOUR / 2)) == ["hour 1", "hour 0"]


def test_a_log_that_begins_too_late_says_so(tmp_path: Path) -> None:
    found = span(rotate(tmp_path), NOW - 20 * HOUR)
    assert len(said(found)) == 8
    assert found.begins == NOW - 7 * HOUR


def test_a_large_file_is_not_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    hours = [number / 1000 for number in range(20_000, -1, -1)]
    log.write_text(text(*hours))

    found = said(span(log, NOW - HOUR))

    assert found[-1] == "hour 0.0"
    assert set(found) >= {f"hour {hour}" for hour in hours if hour <= 1}
    assert len(found) < 4000


def test_an_empty_log_says_nothing(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text("")
    found = span(log, NOW)
    assert said(found) == []
    assert (found.begins, found.ends) == (None, None)
