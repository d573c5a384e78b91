"""What came back from occurrences after their contact: apps downstream say it, the cockpit draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from common.registry import Registry

# Numbers of deliveries -> for each that has any, how many messages were opened by people after 0, 1, … 72 hours.
Curves = Callable[[Sequence[int]], dict[int, list[int]]]
occurrence_curves: Registry[Curves] = Registry("curves of occurrences")


def curves_of(numbers: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for curves in occurrence_curves:
        found |= curves(numbers)
    return found
