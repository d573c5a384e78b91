"""Taking an analysis back."""

from __future__ import annotations

from datetime import datetime

import pytest

from deliveries.confirmation import confirm
from deliveries.models import Broadlog, DeliveryPart, DeliveryState, PreparationState
from deliveries.preparation.pipeline import prepare_due
from deliveries.preparation.request import request_preparation
from deliveries.preparation.void import AnalysisSent, void_analysis
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def test_a_voided_delivery_is_edited_again_and_has_no_rows(now: datetime) -> None:
    make_recipients(2)
    make_recipient(email="")
    delivery = make_delivery(now)
    preparation = analyse(delivery, now=now)

    void_analysis(delivery, now=now)

    preparation.refresh_from_db()
    assert (delivery.state, preparation.state) == (DeliveryState.EDITED, PreparationState.CANCELLED)
    assert not Broadlog.objects.exists() and not DeliveryPart.objects.exists()
    assert not any(delivery.counts().values())


def test_an_analysis_voided_before_it_began_never_runs(now: datetime) -> None:
    delivery = make_delivery(now)
    request_preparation(delivery=delivery, action="prepare", now=now)

    void_analysis(delivery, now=now)

    assert prepare_due(now) == 0
    assert delivery.state == DeliveryState.EDITED


def test_a_delivery_without_analysis_stays_as_it_is(now: datetime) -> None:
    delivery = make_delivery(now)

    void_analysis(delivery, now=now)

    assert delivery.state == DeliveryState.EDITED


def test_a_confirmed_analysis_can_not_be_taken_back(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now)
    analyse(delivery, now=now)
    confirm(delivery, now=now)

    with pytest.raises(AnalysisSent):
        void_analysis(delivery, now=now)
    assert Broadlog.objects.count() == 1


def test_a_continuous_delivery_loses_only_what_is_not_confirmed(now: datetime) -> None:
    first, second = make_recipients(2)
    activity = make_activity("continuous_delivery")
    delivery = run_once(activity, [first], now=now)
    activity.config["action"] = "prepare"
    activity.save()
    later = now.replace(hour=8)
    run_once(activity, [second], now=later)
    delivery.refresh_from_db()
    assert delivery.pending == 2

    void_analysis(delivery, now=later)

    assert (delivery.state, delivery.pending) == (DeliveryState.START_PENDING, 1)
    assert [row.recipient_id for row in Broadlog.objects.all()] == [first.pk]
