"""Messages per second from prepared broadlogs to a sink, against `smtp-source` and three peers in the same run.

Ours: `mta start` with its sender processes, journal and tracking on; from the confirmation until every row is `sent`
in PostgreSQL, for many messages and for a tenth of them. `smtp-source`: as many static mails of the same size over as
many connections. The peers send fewer mails, because they are slow, rendered before; only their sending is timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.peers.mail import HTML, SENDER, SUBJECT, TEXT  # noqa: E402
from benchmarks.peers.nodemailer import time_nodemailer, why_absent  # noqa: E402
from benchmarks.peers.smtp import SESSIONS, running_sink, time_smtp_source  # noqa: E402
from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from benchmarks.senders import peak_megabytes, running_senders, wait_until_sent  # noqa: E402
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
from recipients.models import Recipient  # noqa: E402

TARGET = 0.75
STEADY = 0.95
# The small delivery goes to one in so many.
SMALL = 10
PEOPLE = """
INSERT INTO recipients_recipient (email, first_name, last_name, mobile_phone, birth_date, language, gender,
    country_code, denylist_email, denylist_sms, denylist_push, denylist_file, denylist_all, attributes, created_at,
    updated_at)
SELECT 'person' || n || '@example.com', 'Prénom' || n, 'Nom' || n, '', DATE '1970-01-01' + (n %% 15000)::int, 'fr', '',
    CASE WHEN n %% 10 = 0 THEN 'BE' ELSE 'FR' END, false, false, false, false, false, '{}', now(), now()
FROM generate_series(1, %s) AS n
"""
EVERYONE: dict[str, Any] = {"everyone": True}
FEW: dict[str, Any] = {"field": "country_code", "op": "equals", "value": "BE"}
OURS, OURS_SMALL, SOURCE = "ours", "ours, small", "smtp-source"
POST_OFFICE, MAILER, NODEMAILER = "django-post_office", "django-mailer", "nodemailer"


@dataclass
class Round:
    """Messages per second, and the megabytes of memory of the largest sender process of ours."""

    rates: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    execute(PEOPLE, [options.messages])
    execute("ANALYZE")
    template = DeliveryTemplate.objects.create(
        label="Benchmark", subject=SUBJECT, html=HTML, text=TEXT, from_email=SENDER, approval_mode="manual"
    )
    size = _size_of_one(_prepare(template, EVERYONE))
    absent = "left out" if options.without_npm else why_absent()
    with running_sink() as port:
        rounds = [_round(template, options, port, size, absent) for _number in range(options.rounds)]
    _show(options, rounds, size, absent)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=400_000)
    parser.add_argument("--peers", type=int, default=3_000, help="messages sent by each peer")
    parser.add_argument("--processes", type=int, default=2, help="sender processes of ours")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-npm", action="store_true", help="leave out nodemailer, which npm installs")
    return parser.parse_args()


def _round(template: DeliveryTemplate, options: argparse.Namespace, port: int, size: int, absent: str) -> Round:
    done = Round()
    done.rates[SOURCE] = options.messages / time_smtp_source(port, messages=options.messages, size=size)
    for name, target in ((OURS_SMALL, FEW), (OURS, EVERYONE)):
        done.rates[name], done.memory[name] = _send_ours(template, target, options.processes, port)
    for name, module in ((POST_OFFICE, "post_office"), (MAILER, "mailer")):
        done.rates[name] = options.peers / _time_peer(module, options.peers, port)
    if not absent:
        done.rates[NODEMAILER] = options.peers / time_nodemailer(options.peers, port)
    return done


def _prepare(template: DeliveryTemplate, target: dict[str, Any]) -> Delivery:
    now = timezone.now()
    delivery = create_delivery(template=template, now=now, target=target)
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


def _send_ours(template: DeliveryTemplate, target: dict[str, Any], processes: int, port: int) -> tuple[float, float]:
    """Messages per second, and megabytes at the peak of the largest process."""
    delivery = _prepare(template, target)
    execute("VACUUM ANALYZE")
    execute("CHECKPOINT")
    with running_senders(processes, port) as mta:
        started = time.perf_counter()
        confirm(delivery, now=timezone.now())
        # What a worker's sweep does when the confirmation wakes it.
        start_due_deliveries(timezone.now())
        wait_until_sent(delivery)
        seconds = time.perf_counter() - started
        memory = peak_megabytes(mta)
    counts = {name: number for name, number in count_rows(delivery.pk).items() if number}
    if counts != {"targeted": delivery.targeted, "sent": delivery.targeted}:
        raise SystemExit(f"Not every message was sent: {counts}")
    return delivery.targeted / seconds, memory


def _time_peer(module: str, messages: int, port: int) -> float:
    settings_module = f"benchmarks.peers.{module}_settings"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings_module, "SINK_PORT": str(port)}
    command = [sys.executable, "-m", f"benchmarks.peers.{module}", str(messages)]
    answer = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(answer.stdout.splitlines()[-1])


def _show(options: argparse.Namespace, rounds: list[Round], size: int, absent: str) -> None:
    small = options.messages // SMALL
    labels = {
        SOURCE: f"smtp-source -d -s {SESSIONS}, static",
        OURS: f"mta start --processes {options.processes}",
        OURS_SMALL: f"the same, {small:,} messages",
        POST_OFFICE: f"django-post_office, {options.peers:,} messages",
        MAILER: f"django-mailer, {options.peers:,} messages",
        NODEMAILER: f"nodemailer, pooled, {options.peers:,} messages",
    }
    line(f"{options.messages:,} messages of {size:,} bytes, {len(rounds)} rounds: medians [lowest-highest]")
    table(
        ["", "messages/s", "of smtp-source"],
        [
            [label, median_and_range([each.rates[name] for each in rounds]), f"{_ratio(rounds, name, SOURCE):.1%}"]
            for name, label in labels.items()
            if name in rounds[0].rates
        ],
    )
    if absent:
        line(f"nodemailer: not measured ({absent})")
    steady = _ratio(rounds, OURS, OURS_SMALL)
    memory = {name: max(each.memory[name] for each in rounds) for name in (OURS, OURS_SMALL)}
    line(f"every row sent, none in doubt; the rate at {options.messages:,} is {steady:.2f} of that at {small:,}")
    line(f"memory of a sender process: {memory[OURS_SMALL]:.0f} MB after {small:,}, {memory[OURS]:.0f} MB after all")
    verdict(
        "sending",
        ratio=_ratio(rounds, OURS, SOURCE),
        target=TARGET,
        of_small=round(steady, 2),
        of_small_target=STEADY,
        of_post_office=round(_ratio(rounds, OURS, POST_OFFICE), 1),
        of_mailer=round(_ratio(rounds, OURS, MAILER), 1),
        of_nodemailer=None if absent else round(_ratio(rounds, OURS, NODEMAILER), 1),
        messages_per_second=round(statistics.median(each.rates[OURS] for each in rounds)),
        megabytes=round(memory[OURS]),
        megabytes_small=round(memory[OURS_SMALL]),
    )


def _ratio(rounds: list[Round], name: str, limit: str) -> float:
    return statistics.median(each.rates[name] / each.rates[limit] for each in rounds)


if __name__ == "__main__":
    main()
