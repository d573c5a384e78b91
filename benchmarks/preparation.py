"""Preparation of a large target against the raw `INSERT … SELECT` into an identical table, in the same run.

Raw: the same columns, indexes and fillfactor, no exclusion, no foreign key. Ours: the whole analysis from the request
to the parts, every exclusion reason present. `--sqlite`: both in an SQLite file. Also: the number of queries at a
thousandth of the size, and the growth of this process's memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if "--sqlite" in sys.argv:
    os.environ["DATABASE_URL"] = (
        f"sqlite:///{Path(tempfile.mkdtemp(dir=os.environ.get('VAR_DIR'))) / 'benchmark.sqlite3'}"
    )

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.report import line, table, verdict  # noqa: E402
from common.sql import execute, fetch_all  # noqa: E402
from deliveries.creation import create_delivery  # noqa: E402
from deliveries.models import Delivery, DeliveryTemplate, RequestedAction  # noqa: E402
from deliveries.preparation.pipeline import run_preparation  # noqa: E402
from deliveries.preparation.request import request_preparation  # noqa: E402
from installation.processes import memory_mb  # noqa: E402

# Of raw: on PostgreSQL up to a million people, beyond, and on SQLite.
TARGET, LARGE_TARGET, SQLITE_TARGET = 0.75, 0.65, 0.2
LARGE = 1_000_001
# A hundred people have every reason to be ignored among them.
FEWEST = 100
# 1 % empty, 3 % duplicates in another case, 2 % denylisted, 2.5 % quarantined, 5 % invalid.
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT %s UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
PEOPLE = f"""
{NUMBERS}
INSERT INTO recipients_recipient (email, first_name, last_name, mobile_phone, birth_date, language, gender,
    country_code, denylist_email, denylist_sms, denylist_push, denylist_file, denylist_all, attributes, created_at,
    updated_at)
SELECT CASE WHEN n %% 100 = 1 THEN '' WHEN n %% 100 IN (2, 3, 4) THEN 'PERSON' || (n + 50) || '@Example.com'
    WHEN n %% 20 = 7 THEN 'person' || n || '.example.com' ELSE 'person' || n || '@example.com' END,
    'First' || n, 'Last' || n, '', %s, 'en', '', 'GB', n %% 50 = 9, false, false, false, false, '{{}}', %s, %s
FROM numbers
"""
QUARANTINED = f"""
{NUMBERS}
INSERT INTO recipients_quarantine (channel, address, status, error_count, failure_type, failure_reason, error_text,
    delivery_label, created_at, updated_at)
SELECT 'email', 'person' || n || '@example.com', 4, 1, 1, 1, '', '', %s, %s
FROM numbers WHERE n %% 40 = 12
"""
RAW = """
INSERT INTO raw_broadlog (delivery_id, preparation_id, recipient_id, repeat, address, status, failure_detail,
    attempts, updated_at)
SELECT %s, %s, id, 0, email, 6, '', 0, %s FROM recipients_recipient ORDER BY id
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    template = _template()
    few = max(FEWEST, options.recipients // 1000)
    small = _queries_of(template, 1, few)
    _add_people(few + 1, options.recipients)
    _make_raw_table()
    large, memory = _queries_and_memory(template)
    rounds = [_round(template, number) for number in range(options.rounds)]
    _show(options.recipients, rounds, (few, small, large), memory)


def _make_raw_table() -> None:
    if connection.vendor == "postgresql":
        execute("CREATE TABLE raw_broadlog (LIKE deliveries_broadlog INCLUDING ALL) WITH (fillfactor = 50)")
        return
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = 'deliveries_broadlog' AND sql IS NOT NULL ORDER BY type DESC"
    for (statement,) in fetch_all(made):
        sql = statement.replace("deliveries_broadlog", "raw_broadlog").replace("broadlog_", "raw_broadlog_")
        execute(sql.replace("raw_raw_", "raw_"))


def _empty(name: str) -> None:
    execute(f"TRUNCATE {name}" if connection.vendor == "postgresql" else f"DELETE FROM {name}")


def _target(recipients: int) -> float:
    if connection.vendor == "sqlite":
        return SQLITE_TARGET
    return LARGE_TARGET if recipients >= LARGE else TARGET


def _add_people(first: int, last: int) -> None:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    execute(PEOPLE, [first, last, "1970-01-01", now, now])
    execute("DELETE FROM recipients_quarantine")
    execute(QUARANTINED, [1, last, now, now])
    # As the tables of a living installation are.
    if connection.vendor == "postgresql":
        execute("VACUUM recipients_recipient")
    execute("ANALYZE")


def _template() -> DeliveryTemplate:
    return DeliveryTemplate.objects.create(
        label="Benchmark",
        subject="Hello {{ recipient.first_name }}",
        html='<p>Hello {{ recipient.first_name }}, <a href="https://www.example.com/">see</a> or '
        '<a href="{{ message.unsubscribe_url }}">unsubscribe</a>.</p>',
        from_email="hello@example.com",
        approval_mode="manual",
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


def _counting(work: Callable[[], Any]) -> int:
    queries = 0

    def count(run: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return run(*arguments)

    with connection.execute_wrapper(count):
        work()
    return queries


def _queries_of(template: DeliveryTemplate, first: int, last: int) -> int:
    _add_people(first, last)
    return _counting(lambda: _prepare(template))


def _queries_and_memory(template: DeliveryTemplate) -> tuple[int, float]:
    before = memory_mb()
    queries = _counting(lambda: _prepare(template))
    return queries, memory_mb() - before


def _round(template: DeliveryTemplate, number: int) -> tuple[float, float]:
    """Seconds of the raw insert and of the analysis, each into an empty table; the order alternates."""
    works: list[Callable[[], float]] = [_time_raw, lambda: _time_ours(template)]
    if number % 2:
        ours, raw = works[1](), works[0]()
        return raw, ours
    return works[0](), works[1]()


def _time_raw() -> float:
    _empty("raw_broadlog")
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    return _seconds(lambda: execute(RAW, [1, 1, now]))


def _time_ours(template: DeliveryTemplate) -> float:
    _empty("deliveries_broadlog")
    return _seconds(lambda: _prepare(template))


def _seconds(work: Callable[[], Any]) -> float:
    execute("CHECKPOINT" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _show(recipients: int, rounds: list[tuple[float, float]], queries: tuple[int, int, int], memory: float) -> None:
    few, small, large = queries
    raw = statistics.median(recipients / seconds for seconds, _ in rounds)
    ours = statistics.median(recipients / seconds for _, seconds in rounds)
    ratio = statistics.median(raw_seconds / our_seconds for raw_seconds, our_seconds in rounds)
    line(f"{recipients:,} recipients, {len(rounds)} rounds, medians")
    table(
        ["", "rows/s", "of raw"],
        [["raw INSERT … SELECT", f"{raw:,.0f}", "100 %"], ["whole analysis", f"{ours:,.0f}", f"{ratio:.0%}"]],
    )
    line(f"queries: {small} for {few:,} people and {large} for {recipients:,}")
    line(f"memory of this process grew by {memory:.1f} MB")
    growth = {"queries_small": small, "queries_large": large, "memory_growth_mb": round(memory, 1)}
    verdict("preparation", ratio=ratio, target=_target(recipients), **growth)


if __name__ == "__main__":
    main()
