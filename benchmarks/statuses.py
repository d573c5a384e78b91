"""Claims and status writes through the real code path, without rendering or SMTP: rows per second and process.

Raw: one `UPDATE` of the same columns over the same rows, part by part, in an identical table. How many writes stayed in
their page (HOT) is what PostgreSQL counted.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from benchmarks.rows import PART, make_people, prepare_delivery, start  # noqa: E402
from common.sql import execute, fetch_all  # noqa: E402
from deliveries.channels.registry import channels  # noqa: E402
from deliveries.models import ContentVersion, Delivery, DeliveryPart, PartState  # noqa: E402
from deliveries.mta.claims import Claim, Reads, claim_part  # noqa: E402
from deliveries.mta.fates import Fate, Outcome  # noqa: E402
from deliveries.mta.outcomes import close_part  # noqa: E402

TARGET, HOT_TARGET = 100_000, 0.9
RAW = "UPDATE raw_broadlog SET status = 1, attempts = 1, updated_at = now() WHERE id BETWEEN %s AND %s AND status = 6"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    make_people(options.rows)
    rounds = [_round(options.rows) for _number in range(options.rounds)]
    _show(options.rows, rounds)


def _round(rows: int) -> tuple[float, float, float]:
    """Rows per second of the raw updates and of ours, and the share of ours that were HOT."""
    delivery = start(prepare_delivery(rows))
    raw = rows / _time_raw(delivery)
    execute("VACUUM ANALYZE deliveries_broadlog")
    execute("CHECKPOINT")
    updated, hot = _written()
    started = time.perf_counter()
    _send_all(delivery)
    seconds = time.perf_counter() - started
    then_updated, then_hot = _settled(updated + rows)
    delivery.refresh_from_db()
    if delivery.sent != rows:
        raise SystemExit(f"{delivery.sent:,} of {rows:,} rows are sent.")
    return raw, rows / seconds, (then_hot - hot) / max(then_updated - updated, 1)


def _time_raw(delivery: Delivery) -> float:
    execute("DROP TABLE IF EXISTS raw_broadlog")
    execute("CREATE TABLE raw_broadlog (LIKE deliveries_broadlog INCLUDING ALL) WITH (fillfactor = 50)")
    copy = "INSERT INTO raw_broadlog SELECT * FROM deliveries_broadlog WHERE delivery_id = %s ORDER BY id"
    execute(copy, [delivery.pk])
    execute("VACUUM ANALYZE raw_broadlog")
    execute("CHECKPOINT")
    parts = list(DeliveryPart.objects.filter(delivery=delivery).values_list("first_id", "last_id"))
    started = time.perf_counter()
    for first, last in parts:
        execute(RAW, [first, last])
    return time.perf_counter() - started


def _send_all(delivery: Delivery) -> None:
    uid, version = secrets.token_hex(8), ContentVersion.objects.filter(delivery=delivery).latest("pk")
    renderer = channels.get(delivery.channel).renderer(delivery, version)
    # As the sender reads: what the content needs of each person.
    reads = Reads(renderer.fields, renderer.reads_added)
    while (claim := claim_part(uid=uid, affinities=[], reads=lambda _delivery, _version: reads)) is not None:
        _close(claim)
    if DeliveryPart.objects.filter(state=PartState.DUE, due_at__lte=timezone.now()).exists():
        raise SystemExit("A due part could not be claimed.")


def _close(claim: Claim) -> None:
    outcomes = [Outcome(broadlog_id=row.broadlog_id, fate=Fate.SENT, attempts=1) for row in claim.rows]
    close_part(claim.key, outcomes, fates={Fate.SENT: len(outcomes)})


def _written() -> tuple[int, int]:
    # What this session did is told to the statistics at its end, or now.
    execute("SELECT pg_stat_force_next_flush()")
    sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'deliveries_broadlog'"
    return tuple(fetch_all(sql)[0])


def _settled(expected: int) -> tuple[int, int]:
    deadline = time.monotonic() + 15
    while (counted := _written())[0] < expected and time.monotonic() < deadline:
        time.sleep(0.2)
    return counted


def _show(rows: int, rounds: list[tuple[float, float, float]]) -> None:
    raw, ours, hot = zip(*rounds, strict=True)
    ratio = statistics.median(mine / floor for floor, mine, _hot in rounds)
    line(f"{rows:,} rows in parts of {PART:,}, {len(rounds)} rounds: medians [lowest-highest]")
    table(
        ["", "rows/s", "of raw"],
        [
            ["raw UPDATE, part by part", median_and_range(raw), "100 %"],
            ["claim, read, write statuses, close", median_and_range(ours), f"{ratio:.0%}"],
        ],
    )
    line(f"{min(hot):.1%} of the writes stayed in their page (HOT), in the worst round")
    verdict(
        "statuses",
        ratio=statistics.median(ours) / TARGET,
        target=1.0,
        rows_per_second=round(statistics.median(ours)),
        of_raw=round(ratio, 2),
        hot=round(min(hot), 3),
        hot_target=HOT_TARGET,
    )


if __name__ == "__main__":
    main()
