"""F23: the disk that the journal is on fills up in the middle of a delivery, and is freed again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import check
from tests.faults.conftest import ENVIRONMENT, SLOW, with_manners
from tests.faults.installation import Installation, copy_of
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS, CONNECTIONS = 1000, 8


@with_manners(*SLOW)
def test_f23_a_journal_without_room_stops_the_sending_and_room_lets_it_go_on(
    migrated: Installation, sink: Witness, tmp_path: Path
) -> None:
    installation = copy_of(migrated, tmp_path / "var", smtp_port=sink.port, **ENVIRONMENT)
    with small_disk(installation.folder / "journal", megabytes=1) as disk:
        fill_up_and_free(installation, sink, disk)
        assert "the journal can't be written: sending stops" in installation.log()


@with_manners(*SLOW)
def test_f23_a_full_disk_under_database_and_journal_stops_the_sending_and_room_lets_it_go_on(
    migrated: Installation, sink: Witness, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", megabytes=64) as disk:
        installation = copy_of(migrated, disk / "var", smtp_port=sink.port, **ENVIRONMENT)
        fill_up_and_free(installation, sink, disk)


def fill_up_and_free(installation: Installation, sink: Witness, disk: Path) -> None:
    installation.fill(RECIPIENTS, connections=CONNECTIONS)
    with installation.sending() as sender:
        installation.wait_until(lambda: sink.count() > 50)
        filler = disk / "filler"
        fill(filler)
        left = count_when_quiet(sink)
        assert left < RECIPIENTS, "it was over before the disk was full"
        assert sender.poll() is None, installation.log()

        filler.unlink()
        installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED)
        sender.terminate()
        assert sender.wait(timeout=60) == 0, installation.log()

    assert len(check(installation, sink, doubts_at_most=0).sent) == RECIPIENTS


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("a file system of its own is refused here: run as root, where mounting is allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path: Path) -> None:
    """Take all the room there is, to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass


def count_when_quiet(sink: Witness) -> int:
    """How many had come when none came any more for as long as the slowest message takes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        before = sink.count()
        time.sleep(3)
        if sink.count() == before:
            return before
    raise AssertionError("messages leave all the time")
