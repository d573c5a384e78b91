"""Opens of the first hours of many deliveries at once, for the page of their series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from deliveries.admin.series.curves import occurrence_curves
from tracking.models import DeliveryHour


@occurrence_curves.register("human opens")
def opens_after(numbers: Sequence[int]) -> dict[int, list[int]]:
    """Running totals by hour: one query for all of them."""
    hours: dict[int, dict[int, int]] = defaultdict(dict)
    rows = DeliveryHour.objects.filter(delivery_id__in=numbers, hour__lt=DeliveryHour.LAST)
    for number, hour, opens in rows.values_list("delivery_id", "hour", "human_opens"):
        hours[number][hour] = opens
    return {
        number: [0, *accumulate(found.get(hour, 0) for hour in range(DeliveryHour.LAST))]
        for number, found in hours.items()
    }
