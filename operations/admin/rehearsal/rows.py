"""The result of a rehearsal as people read it: a row for each coming run, in the words of the drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from common.badges import Badge, badge
from common.figures import count
from operations.admin.canvas.types import outlet_labels
from operations.models import Rehearsal, RunState
from operations.workflow.document import Arrow, Definition, definition_of
from recipients.vocabulary import FailureReason


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery that a run would make. `ignored`: people by the slug of the reason."""

    label: str
    targeted: int
    to_deliver: int
    ignored: Mapping[str, int]
    already: int
    warnings: list[str]

    @property
    def dropped(self) -> int:
        return sum(self.ignored.values())

    @property
    def reasons(self) -> str:
        return reasons_in_words(self.ignored)

    @property
    def is_only_saved(self) -> bool:
        """The activity goes no further than saving it."""
        return self.targeted > 0 and not self.to_deliver and not self.ignored


@dataclass(frozen=True)
class Passage:
    """A transition that fired; `people` is None where only the signal travels."""

    way: str
    people: int | None


@dataclass(frozen=True)
class RunRow:
    """One coming run. `at` is local; `people` are those it begins with, None where it never chooses any."""

    key: str
    at: datetime
    entry: str
    state: RunState
    why: str
    clock_change: str
    people: int | None
    passages: list[Passage]
    deliveries: list[DeliveryLine]
    passed_over: list[str]
    tasks: Mapping[str, Any] = field(repr=False)

    @property
    def look(self) -> Badge:
        return badge(self.state)

    @property
    def to_deliver(self) -> int:
        return sum(line.to_deliver for line in self.deliveries)

    @property
    def dropped(self) -> int:
        return sum(line.dropped for line in self.deliveries)

    @property
    def warnings(self) -> list[str]:
        return [warning for line in self.deliveries for warning in line.warnings]


def run_rows(rehearsal: Rehearsal) -> list[RunRow]:
    """In the order of time, on the clock of the workflow's zone."""
    drawing = definition_of(rehearsal.version)
    zone = ZoneInfo(rehearsal.workflow.zone_name())
    rows: list[RunRow] = []
    before = rehearsal.starts_at.astimezone(zone)
    for report in rehearsal.result.get("runs", []):
        at = datetime.fromisoformat(report["scheduled_for"]).astimezone(zone)
        rows.append(_row(report, drawing, at, before))
        before = at
    return rows


def run_key(report: Mapping[str, Any]) -> str:
    """The same for the same instant of the same schedule in another rehearsal."""
    return f"{datetime.fromisoformat(report['scheduled_for']).timestamp():.0f} {report['entry']}"


def delivery_lines(tasks: Mapping[str, Any], order: list[str] | None = None) -> Iterator[DeliveryLine]:
    """Those of the tasks, and of the sub-workflows inside them."""
    for name in order or tasks:
        task = tasks.get(name, {})
        if task.get("delivery"):
            yield _delivery_line(task["delivery"])
        yield from delivery_lines(task.get("inside", {}).get("tasks", {}))


def reasons_in_words(ignored: Mapping[str, int]) -> str:
    """“12 denylisted address, 3 address not specified”: the most frequent first."""
    ordered = sorted(ignored.items(), key=lambda item: -item[1])
    labels = {slug: str(FailureReason.from_slug(slug).label) for slug in ignored}
    return ", ".join(f"{count(number)} {labels[slug][:1].lower()}{labels[slug][1:]}" for slug, number in ordered)


def label_of(drawing: Definition, name: str) -> str:
    node = drawing.nodes.get(name)
    return node.label or name if node else name


def _row(report: Mapping[str, Any], drawing: Definition, at: datetime, before: datetime) -> RunRow:
    tasks, state = report["tasks"], RunState(RunState.from_slug(report["state"]))
    order = [name for name in _in_order(drawing) if name in tasks]
    return RunRow(
        key=run_key(report),
        at=at,
        entry=label_of(drawing, report["entry"]),
        state=state,
        why=_why(report["error"], state),
        clock_change=_clock_change(before, at),
        people=_people(drawing, tasks, order),
        passages=[passage for name in order for passage in _passages(drawing, name, tasks[name])],
        deliveries=list(delivery_lines(tasks, order)),
        passed_over=[label for name in order for label in _passed_over(label_of(drawing, name), tasks[name])],
        tasks=tasks,
    )


def _why(error: str, state: RunState) -> str:
    if state == RunState.SKIPPED:
        return _("The run before it would still be at work.")
    if state in (RunState.RUNNING, RunState.WAITING):
        return _("It would still be at work at the end of the rehearsal.")
    return error


def _in_order(drawing: Definition) -> list[str]:
    """Sources first; a database may have mixed up the order of what was kept."""
    try:
        return list(TopologicalSorter({name: drawing.sources_of(name) for name in drawing.nodes}).static_order())
    except CycleError:
        return list(drawing.nodes)


def _people(drawing: Definition, tasks: Mapping[str, Any], order: list[str]) -> int | None:
    """Who left the activities where people come into being."""
    counted = {name: numbers for name in order if (numbers := _numbers(tasks[name]))}
    first = [
        sum(numbers) for name, numbers in counted.items() if not counted.keys() & drawing.upstream([name]) - {name}
    ]
    if first:
        return sum(first)
    # A query that finds nobody lets nobody pass: no transition after it fires.
    is_dry = any(
        tasks[name]["state"] == "done" and not tasks[name]["outlets"] and drawing.arrows_from(name) for name in order
    )
    return 0 if is_dry else None


def _numbers(task: Mapping[str, Any]) -> list[int]:
    return [number for number in task["outlets"].values() if number is not None]


def _passages(drawing: Definition, name: str, task: Mapping[str, Any]) -> Iterator[Passage]:
    arrows = drawing.arrows_from(name)
    several = len({arrow.outlet for arrow in arrows}) > 1
    for arrow in arrows:
        if arrow.outlet in task["outlets"]:
            yield Passage(_way(drawing, arrow, several), task["outlets"][arrow.outlet])


def _way(drawing: Definition, arrow: Arrow, several: bool) -> str:
    outlet = f" ({outlet_labels([arrow.outlet])[arrow.outlet]})" if several else ""
    return f"{label_of(drawing, arrow.source)}{outlet} → {label_of(drawing, arrow.target)}"


def _passed_over(label: str, task: Mapping[str, Any]) -> Iterator[str]:
    if task.get("passed_over"):
        yield label
    for name, inner in task.get("inside", {}).get("tasks", {}).items():
        yield from _passed_over(f"{label} › {name}", inner)


def _delivery_line(said: Mapping[str, Any]) -> DeliveryLine:
    return DeliveryLine(
        label=said["label"],
        targeted=said["targeted"],
        to_deliver=said["to_deliver"],
        ignored=said["ignored"],
        already=said["already_in_delivery"],
        warnings=said["warnings"],
    )


def _clock_change(before: datetime, after: datetime) -> str:
    was, now = before.utcoffset(), after.utcoffset()
    if was == now or was is None or now is None:
        return ""
    return _("the clocks have gone forward") if now > was else _("the clocks have gone back")
