"""A storm of bounces while a delivery is being sent: mails per second, and what they cost the sending.

The storm is bounces of the messages of one delivery, in the dialects of the tests, read by `process_bounces` from a
Maildir, or from the tests' IMAP server. In each round one delivery is sent alone and an equal one during the storm, by
`mta start` into a sink; between two rounds the reader is ended, and what is left is read after the last one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.peers.smtp import running_sink  # noqa: E402
from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from benchmarks.rows import make_people, prepare_delivery, start  # noqa: E402
from benchmarks.senders import running_senders, wait_until_sent  # noqa: E402
from common.sql import execute  # noqa: E402
from deliveries.channels.email.addresses import bounce_address, message_id  # noqa: E402
from deliveries.counters import count_rows  # noqa: E402
from deliveries.inbound.sources.address import set_password  # noqa: E402
from deliveries.models import Broadlog, Delivery  # noqa: E402
from deliveries.models.inbound import InboundMail, InboundSource  # noqa: E402
from tests.deliveries.inbound.boxes import left_in, make_box  # noqa: E402
from tests.deliveries.inbound.mails import DOMAIN, dsn  # noqa: E402
from tests.deliveries.inbound.reading.dialects import DIALECTS  # noqa: E402
from tests.deliveries.inbound.servers import Box, ImapSession, served  # noqa: E402

TARGET, MOST_SLOWDOWN = 200, 0.2
POLL = 0.2
READ = [sys.executable, str(settings.BASE_DIR / "manage.py"), "process_bounces"]
# An address that bounced is in quarantine: the other deliveries go to other addresses.
OTHER_ADDRESSES = "UPDATE recipients_recipient SET email = 'other.' || email"
# How many mails are left at the source.
Left = Callable[[], int]


@dataclass(frozen=True)
class Round:
    """Messages and mails per second; whether there were mails as long as there were messages."""

    alone: float
    sending: float
    mails: float
    outlasts: bool


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    make_people(options.messages)
    with running_sink() as port, running_senders(options.processes, port):
        bounced = _prepare(options.messages)
        _rate_of(bounced)
        execute(OTHER_ADDRESSES)
        with _source(options.over, _bounces_of(bounced, options.mails)) as left:
            rounds = [_round(options.messages) for _number in range(options.rounds)]
            rest = _read_the_rest()
            remaining = left()
    _check(bounced, options.mails, remaining)
    _show(options, rounds, rest)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--messages", type=int, help="messages of each delivery (default: as many as mails)")
    parser.add_argument("--processes", type=int, default=2, help="sender processes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--over", choices=["maildir", "imap"], default="maildir")
    options = parser.parse_args()
    options.messages = max(options.messages or 0, options.mails)
    return options


def _prepare(messages: int) -> Delivery:
    delivery = prepare_delivery(messages)
    execute("VACUUM ANALYZE")
    execute("CHECKPOINT")
    return delivery


def _rate_of(delivery: Delivery) -> float:
    started = time.perf_counter()
    start(delivery)
    wait_until_sent(delivery)
    return delivery.targeted / (time.perf_counter() - started)


def _bounces_of(delivery: Delivery, number: int) -> Iterator[bytes]:
    """Every second one is a report in the standard form; the dialects take turns for the others."""
    rows = Broadlog.objects.filter(delivery=delivery).order_by("pk").only("address")[:number]
    for index, row in enumerate(rows.iterator(chunk_size=5000)):
        yield dsn(row) if index % 2 else _in_dialect(index // 2, row)


def _in_dialect(index: int, row: Broadlog) -> bytes:
    mail = DIALECTS[index % len(DIALECTS)].mail()
    for invented, real in (
        ("b+00ff@sender.example", bounce_address(row.pk, DOMAIN)),
        ("<0a1b2c@sender.example>", message_id(row.pk, DOMAIN)),
        ("ann@there.example", row.address),
    ):
        mail = mail.replace(invented.encode(), real.encode())
    return mail


@contextmanager
def _source(kind: str, mails: Iterator[bytes]) -> Iterator[Left]:
    if kind == "imap":
        box = Box(*mails)
        with served(box, ImapSession) as port:
            url = f"imap://{box.user}@127.0.0.1:{port}/INBOX"
            set_password(InboundSource.objects.create(label="Storm", kind=kind, url=url), box.password)
            yield lambda: len(box.mails)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "box"
        make_box(root, mails)
        yield lambda: left_in(root)


def _round(messages: int) -> Round:
    alone = _rate_of(_prepare(messages))
    delivery = _prepare(messages)
    with _reading() as reader:
        # Measured only while mails are really being applied.
        before = InboundMail.objects.count()
        while (first := InboundMail.objects.count()) == before and reader.poll() is None:
            time.sleep(POLL)
        began = time.perf_counter()
        sending = _rate_of(delivery)
        mails = (InboundMail.objects.count() - first) / (time.perf_counter() - began)
        return Round(alone, sending, mails, reader.poll() is None)


@contextmanager
def _reading() -> Iterator[subprocess.Popen[bytes]]:
    reader = subprocess.Popen(READ, stdout=subprocess.DEVNULL)
    try:
        yield reader
    finally:
        # Killed anywhere, it recognises what it had applied.
        reader.kill()
        reader.wait()


def _read_the_rest() -> float:
    """Mails per second while nothing is sent."""
    began, before = time.perf_counter(), InboundMail.objects.count()
    if subprocess.run(READ, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit("The mails could not be read.")
    return (InboundMail.objects.count() - before) / (time.perf_counter() - began)


def _check(bounced: Delivery, mails: int, remaining: int) -> None:
    bounced.refresh_from_db()
    counts = count_rows(bounced.pk)
    failed = Broadlog.objects.filter(delivery=bounced, failure_type__isnull=False).count()
    if remaining or InboundMail.objects.exclude(broadlog_id=None).count() != mails:
        raise SystemExit(f"{remaining} mails were left, {InboundMail.objects.count()} applied.")
    if not failed or any(getattr(bounced, name) != number for name, number in counts.items()):
        raise SystemExit(f"{failed} messages failed; the account is not that of the rows: {counts}")


def _show(options: argparse.Namespace, rounds: list[Round], rest: float) -> None:
    mails = statistics.median(each.mails for each in rounds)
    slowdown = 1 - statistics.median(each.sending / each.alone for each in rounds)
    line(f"{options.mails:,} mails over {options.over}; {len(rounds)} rounds of {options.messages:,} messages each way")
    table(
        ["", "median [lowest-highest]", "target"],
        [
            ["messages/s alone", median_and_range([each.alone for each in rounds]), ""],
            ["messages/s in the storm", median_and_range([each.sending for each in rounds]), ""],
            ["slowdown of sending", f"{slowdown:.1%}", f"≤ {MOST_SLOWDOWN:.0%}"],
            ["mails/s while sending", median_and_range([each.mails for each in rounds]), f"≥ {TARGET}"],
            ["mails/s while nothing is sent", f"{rest:,.0f}", ""],
        ],
    )
    outlasts = all(each.outlasts for each in rounds)
    if not outlasts:
        line("The storm was over before the deliveries were sent: ask for more mails, or for fewer messages.")
    verdict(
        "bounces",
        ratio=mails / TARGET,
        target=1.0,
        mails_per_second=round(mails),
        slowdown=round(slowdown, 3),
        slowdown_target=MOST_SLOWDOWN,
        outlasts_sending=outlasts,
        mails=InboundMail.objects.count(),
    )


if __name__ == "__main__":
    main()
