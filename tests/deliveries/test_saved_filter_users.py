from __future__ import annotations

from datetime import datetime

import pytest

from common.errors import IllegalState
from deliveries.models import DeliveryState
from operations.models import Activity
from recipients.models import SavedFilter
from recipients.query.saved import require_unused, save_filter
from tests.deliveries.factories import make_delivery
from tests.operations.factories import EVERYONE, activity, drawing, make_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved() -> SavedFilter:
    return save_filter(label="Near", document=EVERYONE)


def test_a_saved_filter_that_workflows_use_is_kept_and_they_are_named(saved: SavedFilter, now: datetime) -> None:
    subsets = [{"name": "a", "filter": {"not": {"saved": saved.pk}}}]
    make_workflow(drawing([activity("s", "split", subsets=subsets)]), now=now, label="Birthday")
    make_workflow(drawing([activity("q", "query", filter=EVERYONE)]), now=now, label="Others")

    with pytest.raises(IllegalState, match="used by: the workflow “Birthday”") as caught:
        require_unused(saved)
    assert "Others" not in str(caught.value)

    Activity.objects.update(retired=True)
    require_unused(saved)


def test_a_saved_filter_in_the_target_of_a_delivery_is_kept_until_it_is_over(saved: SavedFilter, now: datetime) -> None:
    delivery = make_delivery(now, label="Sale", target={"all": [{"saved": saved.pk}]})

    with pytest.raises(IllegalState, match="the delivery “Sale”"):
        require_unused(saved)

    type(delivery).objects.filter(pk=delivery.pk).update(state=DeliveryState.FINISHED)
    require_unused(saved)


def test_of_many_users_ten_are_named(saved: SavedFilter, now: datetime) -> None:
    for number in range(12):
        make_delivery(now, label=f"D{number:02}", target={"saved": saved.pk})

    with pytest.raises(IllegalState, match="D09”, 2 others"):
        require_unused(saved)
