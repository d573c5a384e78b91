"""An e-mail delivery activity makes one delivery."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deliveries.models import Delivery, DeliveryKind, DeliveryState, DeliveryTemplate
from operations.workflow.base import ActivityFailed
from operations.workflow.config import InvalidConfig
from operations.workflow.registry import get_type
from tests.deliveries.factories import (
    context_of,
    execute,
    make_activity,
    make_population,
    make_task,
    make_template,
    run_once,
)
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db
CODE = "email_delivery"


def test_its_run_makes_a_one_off_delivery(now: datetime) -> None:
    delivery = run_once(make_activity(CODE), [make_recipient()], now=now)

    assert (delivery.kind, delivery.label, delivery.state) == (
        DeliveryKind.ONE_OFF,
        "Birthday",
        DeliveryState.START_PENDING,
    )


@pytest.mark.parametrize("state", [DeliveryState.FINISHED, DeliveryState.STOPPED, DeliveryState.READY])
def test_a_later_run_is_told_what_to_use_instead(now: datetime, state: DeliveryState) -> None:
    activity = make_activity(CODE)
    run_once(activity, [make_recipient()], now=now)
    Delivery.objects.update(state=state)
    task = make_task(activity, scheduled_for=now + timedelta(days=1))

    with pytest.raises(ActivityFailed, match=r"recurring delivery.*continuous delivery"):
        execute(task, now=now, population=make_population(task, [make_recipient(2)]))
    assert Delivery.objects.count() == 1


def test_it_needs_people(now: datetime) -> None:
    task = make_task(make_activity(CODE), scheduled_for=now)

    with pytest.raises(ActivityFailed, match="put a query or a list"):
        get_type(CODE).execute(context_of(task, now=now))


def test_it_owns_a_local_template() -> None:
    activity = make_activity(CODE)

    assert get_type(CODE).document(activity) == {"local_template": DeliveryTemplate.objects.get(activity=activity).pk}


def test_it_takes_no_template_of_another_channel() -> None:
    with pytest.raises(InvalidConfig, match="is not an e-mail"):
        make_activity(CODE, template=make_template(channel="sms").pk)
