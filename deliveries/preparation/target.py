"""Targeting: everybody gets one broadlog, pending or ignored with the reason; two statements, whatever the number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from common.sql import execute, fetch_all, timestamp
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, MessageStatus, Preparation
from deliveries.preparation.parts import lay_parts, newest_row
from deliveries.preparation.population import is_continued, repeat_of, served, skips_served, target_of
from deliveries.preparation.screening import Statement, fence, judge, small
from deliveries.typology.registry import filters_of
from recipients.vocabulary import FailureReason

VERDICTS = "preparation_verdicts"


@dataclass(frozen=True)
class TargetCounts:
    """What the analysis found; `rows` are those it wrote, by counter."""

    targeted: int
    ignored_counts: dict[str, int]
    already_in_delivery: int
    rows: dict[str, int]

    @property
    def ignored(self) -> int:
        return sum(self.ignored_counts.values())

    def columns(self) -> dict[str, Any]:
        """The values for `Preparation`."""
        return {
            "targeted": self.targeted,
            "ignored": self.ignored,
            "to_deliver": self.targeted - self.ignored,
            "ignored_counts": self.ignored_counts,
            "already_in_delivery": self.already_in_delivery,
        }


def estimate(preparation: Preparation) -> TargetCounts:
    """Count without writing a row."""
    judged = judge(preparation)
    _give_room()
    counted = f"SELECT reason, COUNT(*) FROM ({judged.sql}) AS judged GROUP BY reason"
    return _counts(preparation, _reasons(counted, judged.parameters), written={})


def fill(preparation: Preparation, *, now: datetime) -> TargetCounts:
    """Write the broadlogs of this analysis and count them."""
    if preparation.delivery.proof_target is not None and "addresses" in preparation.delivery.proof_target:
        return _fill_addresses(preparation, now)
    already = _already_in_delivery(preparation)
    _give_room()
    judged, before = judge(preparation), newest_row()
    if preparation.delivery.keep_ignored:
        _insert(preparation, judged, now)
        written = lay_parts(preparation, after=before, now=now)
        return _counts(preparation, written, written=written, already=already)
    found = _insert_without_ignored(preparation, judged, now)
    return _counts(preparation, found, written=lay_parts(preparation, after=before, now=now), already=already)


def _insert_without_ignored(preparation: Preparation, judged: Statement, now: datetime) -> dict[int | None, int]:
    """The ignored leave no row from which they could be counted."""
    execute(f"CREATE TEMPORARY TABLE {VERDICTS} AS {judged.sql}", judged.parameters)
    _insert(preparation, Statement(f"SELECT * FROM {VERDICTS} WHERE reason IS NULL", ()), now)
    found = _reasons(f"SELECT reason, COUNT(*) FROM {VERDICTS} GROUP BY reason")
    execute(f"DROP TABLE {VERDICTS}")
    return found


def _insert(preparation: Preparation, judged: Statement, now: datetime) -> None:
    delivery = preparation.delivery
    # Ordered, so that the inserts into the index by recipient are sequential and a part is a range of people. The
    # fence keeps PostgreSQL from judging again wherever the reason is named.
    sql = (
        f"INSERT INTO {connection.ops.quote_name(Broadlog._meta.db_table)}"
        " (delivery_id, preparation_id, recipient_id, repeat, address, status,"
        " failure_type, failure_reason, updated_at)"
        " SELECT %s, %s, judged.id, %s, judged.address,"
        f" CASE WHEN judged.reason IS NULL THEN {small(MessageStatus.PENDING)} ELSE {small(MessageStatus.IGNORED)} END,"
        f" {_failure_type(preparation)}, judged.reason, %s"
        f" FROM (SELECT * FROM ({judged.sql}) AS verdicts ORDER BY id{fence()}) AS judged ORDER BY judged.id"
    )
    fixed = (delivery.pk, preparation.pk, repeat_of(preparation), timestamp(now))
    _read_by_index(True)
    execute(sql, (*fixed, *judged.parameters))
    _read_by_index(False)


def _read_by_index(wanted: bool) -> None:
    # Addresses that several people have come sorted from their index. PostgreSQL thinks a hash of all people no dearer,
    # and looks the few people up by hash, too, in no order at all: it takes twice as long.
    if connection.vendor == "postgresql":
        execute("SET LOCAL enable_hashagg = off" if wanted else "SET LOCAL enable_hashagg TO DEFAULT")


def _give_room() -> None:
    # Until the end of this transaction. With PostgreSQL's 4 MB the sorts of a large target go to disk: a million people
    # need about 150 MB, taken only as far as needed. By the default prices the planner would rather read tables than
    # their indexes, which are in memory, and rather work alone than with others. Compiling pays for no statement here.
    if connection.vendor == "postgresql":
        execute("SET LOCAL work_mem = '256MB'")
        execute("SET LOCAL random_page_cost = 1.1")
        execute("SET LOCAL parallel_tuple_cost = 0.01")
        execute("SET LOCAL parallel_setup_cost = 0")
        execute("SET LOCAL jit = off")


def _failure_type(preparation: Preparation) -> str:
    rules = filters_of(preparation.delivery)
    branches = " ".join(f"WHEN {int(rule.reason)} THEN {small(rule.failure_type)}" for rule in rules)
    return f"CASE WHEN judged.reason IS NOT NULL THEN CASE judged.reason {branches} END END"


def _fill_addresses(preparation: Preparation, now: datetime) -> TargetCounts:
    """A proof to bare addresses, at most a hundred."""
    channel = channels.get(preparation.delivery.channel)
    rows = [
        Broadlog(
            delivery=preparation.delivery,
            preparation=preparation,
            address=channel.check_address(address),
            status=MessageStatus.PENDING,
            updated_at=now,
        )
        for address in (preparation.delivery.proof_target or {})["addresses"]
    ]
    Broadlog.objects.bulk_create(rows)
    written: dict[int | None, int] = {None: len(rows)}
    return _counts(preparation, written, written=written)


def _already_in_delivery(preparation: Preparation) -> int:
    if not is_continued(preparation) or not skips_served(preparation):
        return 0
    return target_of(preparation).filter(served(preparation)).count()


def _reasons(sql: str, parameters: tuple[Any, ...] = ()) -> dict[int | None, int]:
    return {reason: int(number) for reason, number in fetch_all(sql, parameters)}


def _counts(
    preparation: Preparation, judged: dict[int | None, int], *, written: dict[int | None, int], already: int = 0
) -> TargetCounts:
    by_reason = {reason: number for reason, number in judged.items() if reason is not None}
    pending, rows = written.get(None, 0), sum(written.values())
    return TargetCounts(
        targeted=sum(judged.values()),
        ignored_counts={FailureReason(reason).slug: by_reason[reason] for reason in sorted(by_reason)},
        already_in_delivery=already,
        rows={"targeted": rows, "pending": pending, "ignored": rows - pending},
    )
