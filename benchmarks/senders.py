"""`mta start` as users start it, for as long as a benchmark needs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from benchmarks.peers.smtp import HOST
from deliveries.models import Delivery
from installation.models import Process
from installation.processes import alive

SECONDS_TO_START, SECONDS_TO_SEND = 60, 900


@contextmanager
def running_senders(processes: int, port: int) -> Iterator[int]:
    """Sender processes that send into the sink at this port, once they look for work; the number of their parent."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "mta", "start", "--processes", str(processes)]
    environment = {**os.environ, "SMTP_URL": f"smtp://{HOST}:{port}"}
    mta = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(processes, mta)
        yield mta.pid
    finally:
        mta.terminate()
        mta.wait()


def _wait_for(processes: int, mta: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while alive(timezone.now(), Process.Kind.MTA).count() < processes:
        if mta.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("The MTA does not start.")
        time.sleep(0.1)
    # The first look for work of a sender is behind it.
    time.sleep(2)


def peak_megabytes(parent: int) -> float:
    """The most memory that one of its sender processes has had."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return max(_peak_kilobytes(child) for child in children) / 1024


def processor_seconds(parent: int) -> float:
    """What its sender processes have used of the processor: steadier than the clock on a busy machine."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    # After the name, which may hold anything: user and system time are the 12th and 13th field.
    fields = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


def _peak_kilobytes(process: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def wait_until_sent(delivery: Delivery, *, failures: int = 0) -> None:
    """Until every message was sent, but for so many that must fail."""
    deadline = time.monotonic() + SECONDS_TO_SEND
    while delivery.sent + min(delivery.failed, failures) < delivery.targeted:
        if time.monotonic() > deadline:
            raise SystemExit(f"Only {delivery.sent} of {delivery.targeted} messages were sent.")
        time.sleep(0.02)
        delivery.refresh_from_db(fields=["sent", "failed", "targeted"])
