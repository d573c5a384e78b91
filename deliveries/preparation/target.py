"""Targeting: everybody gets one broadlog, pending or ignored with the reason; two statements, whatever the number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from common.sql import execute, fetch_all
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, MessageStatus, Preparation
from deliveries.preparation.population import is_continued, repeat_of, served, skips_served, target_of
from deliveries.preparation.screening import Statement, judge
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
    _keep_verdicts(judge(preparation))
    judged = _reasons(f"SELECT reason, COUNT(*) FROM {VERDICTS} GROUP BY reason")
    _insert(preparation, now)
    execute(f"DROP TABLE {VERDICTS}")
    kept = preparation.delivery.keep_ignored
    written: dict[int | None, int] = judged if kept else {None: judged.get(None, 0)}
    return _counts(preparation, judged, written=written, already=already)


def _keep_verdicts(judged: Statement) -> None:
    # Between judging and writing: only a SELECT of its own is shared out among PostgreSQL's workers, and what was
    # found is counted from this narrow table instead of from the log.
    execute(f"CREATE TEMPORARY TABLE {VERDICTS} AS {judged.sql}", judged.parameters)


def _insert(preparation: Preparation, now: datetime) -> int:
    delivery = preparation.delivery
    kept = "" if delivery.keep_ignored else " WHERE judged.reason IS NULL"
    # Ordered, so that the inserts into the index by recipient are sequential and a part is a range of people.
    sql = (
        f"INSERT INTO {connection.ops.quote_name(Broadlog._meta.db_table)}"
        " (delivery_id, preparation_id, recipient_id, repeat, address, status,"
        " failure_type, failure_reason, updated_at)"
        " SELECT %s, %s, judged.id, %s, judged.address,"
        f" CASE WHEN judged.reason IS NULL THEN {int(MessageStatus.PENDING)} ELSE {int(MessageStatus.IGNORED)} END,"
        f" {_failure_type(preparation)}, judged.reason, %s FROM {VERDICTS} AS judged{kept} ORDER BY judged.id"
    )
    fixed = (delivery.pk, preparation.pk, repeat_of(preparation), connection.ops.adapt_datetimefield_value(now))
    return execute(sql, fixed)


def _give_room() -> None:
    # Until the end of this transaction. With PostgreSQL's 4 MB both sorts of a large target go to disk: a million
    # people need about 150 MB, taken only as far as needed. Every row passes from worker to leader: by its default
    # price of that the planner would rather work alone. Compiling pays for no statement here.
    if connection.vendor == "postgresql":
        execute("SET LOCAL work_mem = '256MB'")
        execute("SET LOCAL parallel_tuple_cost = 0.01")
        execute("SET LOCAL jit = off")


def _failure_type(preparation: Preparation) -> str:
    rules = filters_of(preparation.delivery)
    branches = " ".join(f"WHEN {int(rule.reason)} THEN {int(rule.failure_type)}" for rule in rules)
    return f"CASE judged.reason {branches} END"


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
