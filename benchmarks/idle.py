"""What somebody's forgotten transaction costs: the time of a claim while rows are sent, with one and without.

Each delivery is claimed part by part and its statuses are written through the real code, without rendering or SMTP.
In turns a session that has read everything idles in its transaction meanwhile: nothing that is updated can be cleared
away.
"""

from __future__ import annotations

import argparse
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

django.setup()

import psycopg  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.report import line, table, verdict  # noqa: E402
from benchmarks.rows import make_people, prepare_delivery, start  # noqa: E402
from common.sql import execute  # noqa: E402
from deliveries.channels.registry import channels  # noqa: E402
from deliveries.models import ContentVersion, Delivery  # noqa: E402
from deliveries.mta.claims import Claim, Reads, claim_part  # noqa: E402
from deliveries.mta.fates import Fate, Outcome  # noqa: E402
from deliveries.mta.outcomes import close_part  # noqa: E402

# A claim may take twice as long.
TARGET = 0.5


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    make_people(options.rows)
    claims: dict[bool, list[float]] = {False: [], True: []}
    for number in range(options.rounds):
        for idle in [False, True] if number % 2 == 0 else [True, False]:
            claims[idle] += _claims(options.rows, idle=idle)
    _show(options, claims)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of a delivery, each written once")
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


def _claims(rows: int, *, idle: bool) -> list[float]:
    """Milliseconds of each claim of one delivery."""
    delivery = start(prepare_delivery(rows))
    execute("VACUUM ANALYZE")
    execute("CHECKPOINT")
    if not idle:
        return list(_send_all(delivery))
    with _forgotten_transaction():
        return list(_send_all(delivery))


@contextmanager
def _forgotten_transaction() -> Iterator[None]:
    """Not one of ours, which PostgreSQL would end after five minutes."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as forgotten:
        forgotten.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        forgotten.execute("SELECT count(*) FROM deliveries_broadlog")
        # Number and snapshot: both keep rows from being cleared away.
        forgotten.execute("UPDATE recipients_recipient SET first_name = first_name WHERE id = 1")
        yield
        forgotten.rollback()


def _send_all(delivery: Delivery) -> Iterator[float]:
    uid, version = secrets.token_hex(8), ContentVersion.objects.filter(delivery=delivery).latest("pk")
    renderer = channels.get(delivery.channel).renderer(delivery, version)
    reads = Reads(renderer.fields, renderer.reads_added)
    while True:
        started = time.perf_counter()
        claim = claim_part(uid=uid, affinities=[], reads=lambda _delivery, _version: reads)
        if claim is None:
            break
        yield (time.perf_counter() - started) * 1000
        _close(claim)
    delivery.refresh_from_db()
    if delivery.sent != delivery.targeted:
        raise SystemExit(f"{delivery.sent:,} of {delivery.targeted:,} rows are sent.")


def _close(claim: Claim) -> None:
    outcomes = [Outcome(broadlog_id=row.broadlog_id, fate=Fate.SENT, attempts=1) for row in claim.rows]
    close_part(claim.key, outcomes, fates={Fate.SENT: len(outcomes)})


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[max(int(len(values) * share) - 1, 0)]


def _show(options: argparse.Namespace, claims: dict[bool, list[float]]) -> None:
    line(f"{options.rows:,} rows a delivery, {options.rounds} rounds, {len(claims[True]):,} claims each")
    labels = {False: "nobody idles", True: "a transaction idles"}
    rows = [
        [label, f"{_percentile(claims[idle], 0.5):.1f} ms", f"{_percentile(claims[idle], 0.95):.1f} ms"]
        for idle, label in labels.items()
    ]
    table(["claim of a part", "median", "p95"], rows)
    alone, beside = (_percentile(claims[idle], 0.95) for idle in (False, True))
    verdict("idle", ratio=alone / beside, target=TARGET, times=round(beside / alone, 2), p95_ms=round(beside, 1))


if __name__ == "__main__":
    main()
