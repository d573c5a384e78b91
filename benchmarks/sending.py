"""Messages per second from prepared broadlogs to a sink, against `smtp-source` and django-post_office in the same run.

Ours: `mta start` with its sender processes, journal and tracking on; from the confirmation until every row is `sent`
in PostgreSQL. `smtp-source`: as many static mails of the same size over as many connections. django-post_office:
fewer mails, because it is slow, from its own queue; only its sending is timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.peers.mail import HTML, SENDER, SUBJECT, TEXT  # noqa: E402
from benchmarks.peers.smtp import HOST, SESSIONS, running_sink, time_smtp_source  # noqa: E402
from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from common.sql import execute  # noqa: E402
from deliveries.channels.base import OutgoingRow  # noqa: E402
from deliveries.channels.registry import channels  # noqa: E402
from deliveries.confirmation import confirm  # noqa: E402
from deliveries.counters import count_rows  # noqa: E402
from deliveries.creation import create_delivery  # noqa: E402
from deliveries.lifecycle import start_due_deliveries  # noqa: E402
from deliveries.models import Broadlog, ContentVersion, Delivery, DeliveryTemplate, RequestedAction  # noqa: E402
from deliveries.preparation.pipeline import run_preparation  # noqa: E402
from deliveries.preparation.request import request_preparation  # noqa: E402
from installation.models import Process  # noqa: E402
from installation.processes import alive  # noqa: E402
from recipients.models import Recipient  # noqa: E402

TARGET = 0.75
SECONDS_TO_START, SECONDS_TO_SEND = 60, 900
PEOPLE = """
INSERT INTO recipients_recipient (email, first_name, last_name, mobile_phone, birth_date, language, gender,
    country_code, denylist_email, denylist_sms, denylist_push, denylist_file, denylist_all, attributes, created_at,
    updated_at)
SELECT 'person' || n || '@example.com', 'Prénom' || n, 'Nom' || n, '', DATE '1970-01-01' + (n %% 15000)::int, 'fr', '',
    'FR', false, false, false, false, false, '{}', now(), now()
FROM generate_series(1, %s) AS n
"""


@dataclass(frozen=True)
class Round:
    """Messages per second."""

    source: float
    ours: float
    post_office: float


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    execute(PEOPLE, [options.messages])
    template = DeliveryTemplate.objects.create(
        label="Benchmark", subject=SUBJECT, html=HTML, text=TEXT, from_email=SENDER, approval_mode="manual"
    )
    size = _size_of_one(_prepare(template))
    with running_sink() as port:
        rounds = [_round(template, options, port, size) for _number in range(options.rounds)]
    _show(options, rounds, size)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--post-office", type=int, default=3_000, help="messages sent by django-post_office")
    parser.add_argument("--processes", type=int, default=2, help="sender processes of ours")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _round(template: DeliveryTemplate, options: argparse.Namespace, port: int, size: int) -> Round:
    return Round(
        source=options.messages / time_smtp_source(port, messages=options.messages, size=size),
        ours=options.messages / _time_ours(template, options, port),
        post_office=options.post_office / _time_post_office(options.post_office, port),
    )


def _prepare(template: DeliveryTemplate) -> Delivery:
    now = timezone.now()
    delivery = create_delivery(template=template, now=now, target={"everyone": True})
    preparation = request_preparation(delivery=delivery, action=RequestedAction.PREPARE, now=now)
    run_preparation(preparation=preparation, now=now)
    delivery.refresh_from_db()
    if delivery.error or not delivery.pending:
        raise SystemExit(f"The analysis failed: {delivery.get_state_display()} {delivery.error}")
    return delivery


def _size_of_one(delivery: Delivery) -> int:
    row = Broadlog.objects.filter(delivery=delivery).order_by("-pk")[0]
    recipient = Recipient.objects.order_by("-pk").values()[0]
    version = ContentVersion.objects.get(delivery=delivery)
    renderer = channels.get(delivery.channel).renderer(delivery, version)
    return len(renderer.render(OutgoingRow(row.pk, row.address, recipient)).content)


def _time_ours(template: DeliveryTemplate, options: argparse.Namespace, port: int) -> float:
    delivery = _prepare(template)
    execute("VACUUM ANALYZE")
    execute("CHECKPOINT")
    with _running_mta(options.processes, port):
        started = time.perf_counter()
        confirm(delivery, now=timezone.now())
        # What a worker's sweep does when the confirmation wakes it.
        start_due_deliveries(timezone.now())
        _wait_until_sent(delivery)
        seconds = time.perf_counter() - started
    counts = {name: number for name, number in count_rows(delivery.pk).items() if number}
    if counts != {"targeted": options.messages, "sent": options.messages}:
        raise SystemExit(f"Not every message was sent: {counts}")
    return seconds


@contextmanager
def _running_mta(processes: int, port: int) -> Iterator[None]:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "mta", "start", "--processes", str(processes)]
    environment = {**os.environ, "SMTP_URL": f"smtp://{HOST}:{port}"}
    mta = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for_senders(processes, mta)
        yield
    finally:
        mta.terminate()
        mta.wait()


def _wait_for_senders(processes: int, mta: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while alive(timezone.now(), Process.Kind.MTA).count() < processes:
        if mta.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("The MTA does not start.")
        time.sleep(0.1)
    # The first look for work of a sender is behind it.
    time.sleep(2)


def _wait_until_sent(delivery: Delivery) -> None:
    deadline = time.monotonic() + SECONDS_TO_SEND
    while delivery.sent < delivery.targeted:
        if time.monotonic() > deadline:
            raise SystemExit(f"Only {delivery.sent} of {delivery.targeted} messages were sent.")
        time.sleep(0.02)
        delivery.refresh_from_db(fields=["sent", "targeted"])


def _time_post_office(messages: int, port: int) -> float:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.post_office_settings",
        "SINK_PORT": str(port),
    }
    command = [sys.executable, "-m", "benchmarks.peers.post_office", str(messages)]
    answer = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(answer.stdout.splitlines()[-1])


def _show(options: argparse.Namespace, rounds: list[Round], size: int) -> None:
    to_source = statistics.median(each.ours / each.source for each in rounds)
    to_post_office = statistics.median(each.ours / each.post_office for each in rounds)
    of_source = {
        "source": 1.0,
        "ours": to_source,
        "post_office": statistics.median(each.post_office / each.source for each in rounds),
    }
    labels = {
        "source": f"smtp-source -d -s {SESSIONS}, static",
        "ours": f"mta start --processes {options.processes}",
        "post_office": f"django-post_office, {options.post_office:,} messages",
    }
    line(f"{options.messages:,} messages of {size:,} bytes, {len(rounds)} rounds: medians [lowest-highest]")
    rows = [
        [labels[name], median_and_range([getattr(each, name) for each in rounds]), f"{of_source[name]:.1%}"]
        for name in labels
    ]
    table(["", "messages/s", "of smtp-source"], rows)
    line(f"every row sent, none in doubt; {to_post_office:.1f} times django-post_office")
    verdict(
        "sending",
        ratio=to_source,
        target=TARGET,
        of_post_office=round(to_post_office, 1),
        messages_per_second=round(statistics.median(each.ours for each in rounds)),
    )


if __name__ == "__main__":
    main()
