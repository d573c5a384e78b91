"""The account of every delivery, recomputed from its rows and compared with the counters that are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from deliveries.counters import counter_of
from deliveries.models import Broadlog, Delivery, Preparation, PreparationState

# Analyses that wrote rows; those of the other states left none behind.
_COUNTED = [
    PreparationState.TARGETED,
    PreparationState.CONTENT_FROZEN,
    PreparationState.READY,
    PreparationState.CONFIRMED,
]


@dataclass(frozen=True)
class LedgerLine:
    """One delivery: what its rows say, and by how much what is shown differs (counter → shown minus counted)."""

    delivery: int
    label: str
    targeted: int
    statuses: dict[str, int]
    kept_as_counts: int
    differences: dict[str, int]

    @property
    def difference(self) -> int:
        return sum(abs(number) for number in self.differences.values())

    def document(self) -> dict[str, Any]:
        return {
            "delivery": self.delivery,
            "label": self.label,
            "targeted": self.targeted,
            **self.statuses,
            "kept_as_counts": self.kept_as_counts,
            "difference": self.difference,
            "differences": self.differences,
        }


@dataclass(frozen=True)
class Ledger:
    """Every line, and the rows that belong to no delivery or to no analysis."""

    lines: list[LedgerLine]
    orphans: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not any(self.orphans.values()) and not any(line.difference for line in self.lines)

    def document(self) -> dict[str, Any]:
        return {"ok": self.ok, "lines": [line.document() for line in self.lines], "orphans": self.orphans}


def check(delivery_ids: Collection[int] | None = None) -> Ledger:
    """The ledger of these deliveries, or of all of them and of the rows that belong to none."""
    return Ledger(list(lines(delivery_ids)), _count_orphans() if delivery_ids is None else {})


def lines(delivery_ids: Collection[int] | None = None) -> Iterator[LedgerLine]:
    """One line per delivery, each recomputed from the broadlogs; one grouped statement over them."""
    deliveries = Delivery.objects.order_by("pk")
    if delivery_ids is not None:
        deliveries = deliveries.filter(pk__in=delivery_ids)
    accounts = _count_rows(delivery_ids)
    for preparation in _analyses(delivery_ids):
        accounts.setdefault(preparation.delivery_id, Account()).analyses.append(preparation)
    for delivery in deliveries.iterator():
        yield _line(delivery, accounts.get(delivery.pk, Account()))


@dataclass
class Account:
    """What the rows of one delivery say: rows by counter, rows by analysis, and the analyses that wrote them."""

    statuses: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Delivery.STATUS_COUNTERS, 0))
    by_analysis: dict[int, int] = field(default_factory=dict)
    analyses: list[Preparation] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.statuses.values())

    def kept_as_counts(self, delivery: Delivery) -> int:
        """The exclusions of which no row was kept."""
        return 0 if delivery.keep_ignored else sum(analysis.ignored for analysis in self.analyses)

    def analyses_difference(self, delivery: Delivery) -> int:
        """What the analyses say that they wrote, minus the rows that they wrote."""
        said = sum(analysis.targeted for analysis in self.analyses) - self.kept_as_counts(delivery)
        return said - sum(self.by_analysis.get(analysis.pk, 0) for analysis in self.analyses)


def _line(delivery: Delivery, account: Account) -> LedgerLine:
    if delivery.rows_purged:
        return _line_of_counters(delivery)
    found = {name: getattr(delivery, name) - number for name, number in account.statuses.items()}
    found["targeted"] = delivery.targeted - account.rows
    found["analyses"] = account.analyses_difference(delivery)
    return LedgerLine(
        delivery=delivery.pk,
        label=delivery.label,
        targeted=account.rows,
        statuses=account.statuses,
        kept_as_counts=account.kept_as_counts(delivery),
        differences={name: number for name, number in found.items() if number},
    )


def _line_of_counters(delivery: Delivery) -> LedgerLine:
    """Of a delivery whose log was deleted the counters are the account: they must add up among themselves."""
    statuses = {name: getattr(delivery, name) for name in Delivery.STATUS_COUNTERS}
    rest = delivery.targeted - sum(statuses.values())
    return LedgerLine(
        delivery=delivery.pk,
        label=delivery.label,
        targeted=delivery.targeted,
        statuses=statuses,
        kept_as_counts=delivery.targeted,
        differences={"targeted": rest} if rest else {},
    )


def _count_rows(delivery_ids: Collection[int] | None) -> dict[int, Account]:
    rows = Broadlog.objects.all() if delivery_ids is None else Broadlog.objects.filter(delivery__in=delivery_ids)
    groups = (
        rows.values("delivery_id", "preparation_id", "status")
        .annotate(rows=Count("pk"), doubtful=Count("pk", filter=Q(in_doubt_since__isnull=False)))
        .order_by()
    )
    accounts: dict[int, Account] = {}
    for group in groups:
        account = accounts.setdefault(group["delivery_id"], Account())
        account.statuses[counter_of(group["status"])] += group["rows"] - group["doubtful"]
        account.statuses["in_doubt"] += group["doubtful"]
        analysis = group["preparation_id"]
        account.by_analysis[analysis] = account.by_analysis.get(analysis, 0) + group["rows"]
    return accounts


def _analyses(delivery_ids: Collection[int] | None) -> Iterator[Preparation]:
    analyses = Preparation.objects.filter(state__in=_COUNTED).only("delivery_id", "targeted", "ignored")
    if delivery_ids is not None:
        analyses = analyses.filter(delivery__in=delivery_ids)
    return analyses.iterator()


def _count_orphans() -> dict[str, int]:
    deliveries = Delivery.objects.filter(pk=OuterRef("delivery_id"))
    analyses = Preparation.objects.filter(pk=OuterRef("preparation_id"), delivery_id=OuterRef("delivery_id"))
    return {
        "without_delivery": Broadlog.objects.filter(~Exists(deliveries)).count(),
        "without_analysis": Broadlog.objects.filter(~Exists(analyses), Exists(deliveries)).count(),
    }
