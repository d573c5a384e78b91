"""The count of each condition of a filter: alone, and after those before it in its group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Count, Q

from recipients.filters import FilterContext, condition
from recipients.filters.errors import Path
from recipients.query.counting import LIVE, Patience, rounded
from recipients.query.sample import base_size, sample_of
from recipients.query.time_box import OutOfTime, time_box

MAXIMUM = 40


@dataclass(frozen=True)
class Step:
    """`path` as in errors, "all.0"; `so_far`: with the conditions before it in the same `all` group, else `alone`."""

    path: str
    alone: int
    so_far: int
    sampled: bool


def waterfall(
    document: Any, context: FilterContext, patience: Patience = LIVE, parameters: Mapping[str, Any] | None = None
) -> list[Step]:
    """The steps of the first forty conditions, in one statement; none when it would take too long."""
    nodes = [(path, before, node) for path, before, node in _nodes(document, ())][:MAXIMUM]
    try:
        with time_box(patience.sampled):
            return _count(nodes, context, patience, parameters)
    except OutOfTime:
        return []


def _count(
    nodes: list[tuple[Path, list[Any], Any]],
    context: FilterContext,
    patience: Patience,
    parameters: Mapping[str, Any] | None,
) -> list[Step]:
    compiled: dict[int, Q] = {}

    def asked(node: Any) -> Q:
        if id(node) not in compiled:
            compiled[id(node)] = condition(node, context, parameters)
        return compiled[id(node)]

    sample = sample_of(patience.sample, base_size())
    counts = {}
    for at, (_path, before, node) in enumerate(nodes):
        counts[f"alone_{at}"] = Count("pk", filter=asked(node))
        counts[f"so_far_{at}"] = Count("pk", filter=reduce(and_, [asked(item) for item in (*before, node)]))
    found = sample.rows.aggregate(**counts)

    def number(name: str) -> int:
        scaled = found[name] * sample.one_in
        return rounded(scaled) if sample.is_partial else scaled

    return [
        Step(".".join(map(str, path)), number(f"alone_{at}"), number(f"so_far_{at}"), sample.is_partial)
        for at, (path, _before, _node) in enumerate(nodes)
    ]


def _nodes(node: Any, path: Path) -> Iterator[tuple[Path, list[Any], Any]]:
    """Every condition and group over recipients, outermost first, with those before it in its `all` group."""
    for key in ("all", "any"):
        for at, item in enumerate(node.get(key, [])):
            yield (*path, key, at), node[key][:at] if key == "all" else [], item
            yield from _nodes(item, (*path, key, at))
    if "not" in node:
        yield (*path, "not"), [], node["not"]
        yield from _nodes(node["not"], (*path, "not"))
