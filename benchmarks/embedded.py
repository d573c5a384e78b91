"""The embedded installation, on SQLite: messages per second end to end, while the web side goes on reading and writing.

Ours: `mta start` with its one process, from the confirmation until every row is sent. Meanwhile two threads do what web
requests do, in short transactions of their own; one refusal ("database is locked") is a failure.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

# SQLite, whatever database the other benchmarks use.
_FOLDER = tempfile.mkdtemp(prefix="diffusion-embedded-")
os.environ["VAR_DIR"] = _FOLDER
os.environ["DATABASE_URL"] = f"sqlite:///{Path(_FOLDER) / 'diffusion.sqlite3'}"

import argparse  # noqa: E402
import shutil  # noqa: E402
import statistics  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, connection, transaction  # noqa: E402

from benchmarks.peers.smtp import running_sink  # noqa: E402
from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from benchmarks.rows import prepare_delivery, start  # noqa: E402
from benchmarks.senders import running_senders, wait_until_sent  # noqa: E402
from deliveries.models import Delivery  # noqa: E402
from recipients.models import Recipient, RecipientList  # noqa: E402

TARGET = 2000
WEB_THREADS = 2
# Between two requests of one thread, in seconds.
PAUSE = 0.02


@dataclass
class Web:
    """What the imitated requests met: milliseconds of each, and those that the database refused."""

    stopped: threading.Event = field(default_factory=threading.Event)
    milliseconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def work(self, number: int) -> None:
        while not self.stopped.wait(PAUSE):
            started = time.perf_counter()
            try:
                _request(number)
            except OperationalError as error:
                self.refused.append(str(error))
            self.milliseconds.append((time.perf_counter() - started) * 1000)
        connection.close()


def _request(number: int) -> None:
    """A page is read, and a form is saved: a read before a write, in one transaction."""
    list(Delivery.objects.order_by("-pk").values("label", "sent", "pending")[:20])
    with transaction.atomic():
        person = Recipient.objects.order_by("pk")[number]
        person.first_name = f"Saved{time.perf_counter_ns() % 1000}"
        person.save(update_fields=["first_name", "updated_at"])
        RecipientList.objects.create(label=f"List of {number}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    Recipient.objects.bulk_create(
        Recipient(email=f"person{number}@example.com", first_name=f"First{number}")
        for number in range(options.messages)
    )
    web = Web()
    try:
        with running_sink() as port:
            rates = [_round(options.messages, port, web) for _number in range(options.rounds)]
    finally:
        shutil.rmtree(_FOLDER, ignore_errors=True)
    _show(options, rates, web)


def _round(messages: int, port: int, web: Web) -> float:
    with running_senders(1, port):
        web.stopped.clear()
        threads = [threading.Thread(target=web.work, args=[number]) for number in range(WEB_THREADS)]
        for thread in threads:
            thread.start()
        delivery = prepare_delivery(messages)
        started = time.perf_counter()
        start(delivery)
        wait_until_sent(delivery)
        seconds = time.perf_counter() - started
        web.stopped.set()
        for thread in threads:
            thread.join()
    return messages / seconds


def _show(options: argparse.Namespace, rates: list[float], web: Web) -> None:
    line(f"{options.messages:,} messages, {len(rates)} rounds: medians [lowest-highest]")
    slow = sorted(web.milliseconds)[int(len(web.milliseconds) * 0.95) - 1]
    table(
        ["", ""],
        [
            ["messages/s", median_and_range(rates)],
            ["web requests meanwhile", f"{len(web.milliseconds):,}"],
            ["of these refused", f"{len(web.refused):,}"],
            ["p95 of a web request", f"{slow:.0f} ms"],
        ],
    )
    verdict(
        "embedded",
        ratio=statistics.median(rates) / TARGET,
        target=1.0,
        messages_per_second=round(statistics.median(rates)),
        web_requests=len(web.milliseconds),
        database_is_locked=len(web.refused),
        web_p95_ms=round(slow),
    )
    if web.refused:
        sys.exit(f"The web side was refused: {web.refused[0]}")


if __name__ == "__main__":
    main()
