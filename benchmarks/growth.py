"""What ten million old rows in the log change: the time of a claim, the rate of sending, and the pages that read it.

The same measures before and after the log is filled: claims of a part through the real code, a delivery sent by
`mta start` into a sink, the dashboard of a delivery, the history of a person, the first page of the log's list.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.peers.smtp import running_sink  # noqa: E402
from benchmarks.report import line, table, verdict  # noqa: E402
from benchmarks.rows import make_people, prepare_delivery, start  # noqa: E402
from benchmarks.senders import running_senders, wait_until_sent  # noqa: E402
from common.sql import execute  # noqa: E402
from deliveries.control import stop  # noqa: E402
from deliveries.models import Broadlog, Delivery  # noqa: E402
from deliveries.mta.claims import claim_part  # noqa: E402
from recipients.models import Recipient  # noqa: E402

TARGET = 0.9
# Milliseconds, 95th percentile.
LIMITS = {"claim": 50, "delivery dashboard": 300, "recipient history": 100, "list of the log": 500}
# Rows of finished deliveries, one after the other, by COPY as a restored installation has them.
OLD_DELIVERIES = 50
COPY = (
    "COPY deliveries_broadlog"
    " (delivery_id, preparation_id, recipient_id, repeat, address, status, attempts, updated_at) FROM STDIN"
)


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    make_people(options.people)
    with running_sink() as port:
        before = _measure(options, port)
        seconds = _fill(options.rows, options.people)
        line(f"{options.rows:,} rows filled in in {seconds:.0f} s")
        after = _measure(options, port)
    _show(options, before, after)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000, help="old rows")
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--claims", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _measure(options: argparse.Namespace, port: int) -> dict[str, float]:
    """Milliseconds by measure, and `rate` in messages per second."""
    execute("CHECKPOINT")
    claimed = start(prepare_delivery(options.people))
    claims = [_time_claim() for _number in range(options.claims)]
    # The senders below have their own.
    stop(claimed, now=timezone.now())
    rates = [_rate(prepare_delivery(options.people), port) for _number in range(options.rounds)]
    return {"claim": _percentile(claims), **_pages(claimed), "rate": statistics.median(rates)}


def _time_claim() -> float:
    started = time.perf_counter()
    with transaction.atomic():
        if claim_part(uid=secrets.token_hex(8), affinities=[]) is None:
            raise SystemExit("Nothing could be claimed.")
        milliseconds = (time.perf_counter() - started) * 1000
        # Whoever sends finds the part as it was.
        transaction.set_rollback(True)
    return milliseconds


def _rate(delivery: Delivery, port: int) -> float:
    with running_senders(1, port):
        started = time.perf_counter()
        start(delivery)
        wait_until_sent(delivery)
        return delivery.targeted / (time.perf_counter() - started)


def _pages(delivery: Delivery) -> dict[str, float]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)[0])
    person = Recipient.objects.order_by("pk")[0]

    def history() -> object:
        return list(Broadlog.objects.filter(recipient=person).order_by("-pk").values_list("delivery", "status")[:40])

    works: dict[str, Callable[[], Any]] = {
        "delivery dashboard": lambda: client.get(f"/admin/deliveries/delivery/{delivery.pk}/change/"),
        "recipient history": history,
        "list of the log": lambda: client.get("/admin/deliveries/broadlog/"),
    }
    return {name: _percentile([_time(work) for _number in range(20)]) for name, work in works.items()}


def _time(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    answer = work()
    if getattr(answer, "status_code", 200) != 200:
        raise SystemExit(f"A page answers {answer.status_code}.")
    return (time.perf_counter() - started) * 1000


def _percentile(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95) - 1]


def _fill(rows: int, people: int) -> float:
    started = time.perf_counter()
    now = timezone.now()
    each = -(-rows // OLD_DELIVERIES)
    numbers = [
        Delivery.objects.create(label=f"Old {number}", state=95, targeted=each, sent=each, ended_at=now).pk
        for number in range(OLD_DELIVERIES)
    ]
    first = Recipient.objects.order_by("pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in range(rows):
            # A person is once in a delivery: whoever is beyond the people there are exists no more.
            person = first + (row % each) if each <= people else row % each + 1
            copy.write_row((numbers[row // each], 0, person, 0, f"person{person}@example.com", 1, 1, now))
    execute("VACUUM ANALYZE deliveries_broadlog")
    return time.perf_counter() - started


def _show(options: argparse.Namespace, before: dict[str, float], after: dict[str, float]) -> None:
    line(f"{options.people:,} people, {options.rounds} rounds of sending by one process")
    rows = [
        [f"{name}, p95", f"{before[name]:.1f} ms", f"{after[name]:.1f} ms", f"limit {limit} ms"]
        for name, limit in LIMITS.items()
    ]
    rates = ["sending", f"{before['rate']:,.0f}/s", f"{after['rate']:,.0f}/s", f"{after['rate'] / before['rate']:.0%}"]
    table(["", "empty log", f"{options.rows:,} rows", ""], [*rows, rates])
    figures = {name.replace(" ", "_") + "_p95_ms": round(after[name], 1) for name in LIMITS}
    verdict(
        "growth",
        ratio=after["rate"] / before["rate"],
        target=TARGET,
        claim_ratio=round(before["claim"] / after["claim"], 3),
        within_limits=all(after[name] <= limit for name, limit in LIMITS.items()),
        **figures,
    )


if __name__ == "__main__":
    main()
