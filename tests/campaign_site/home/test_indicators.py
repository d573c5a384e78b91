"""The last 30 days: the figures of the API, against the 30 days before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from campaign_site.home.indicators import Tile, indicators_card
from campaign_site.home.viewpoint import Context, Viewpoint, viewpoint_of
from deliveries.models import Delivery, DeliveryKind
from operations.models import Operation, Program
from tests.campaign_site.home.factories import finished
from tracking.models import DeliveryHour

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief")


def view(user: User, now: datetime, query: str = "") -> Viewpoint:
    request = RequestFactory().get(f"/admin/{query}")
    request.user = user
    return viewpoint_of(request, now)


def card(user: User, now: datetime, query: str = "") -> Context:
    found = indicators_card(view(user, now, query))
    assert found is not None
    return found


def tile(found: Context, place: int) -> Tile:
    tiles: list[Tile] = found["tiles"]
    return tiles[place]


def test_the_figures_are_those_of_the_api(chief: User, client: Client, now: datetime) -> None:
    for days in (0, 3, 29):
        finished(now - timedelta(days=days), unsubscribed=2, received_on_mobile=5)
    finished(now - timedelta(days=31), sent=1)
    client.force_login(chief)
    rows = [client.get(f"/api/v1/deliveries/{row.pk}/").json()["counts"] for row in Delivery.objects.order_by("pk")[:3]]

    sent = sum(counts["sent"] + counts["received_on_mobile"] for counts in rows)
    opened, clicked = sum(counts["opened"] for counts in rows), sum(counts["clicked"] for counts in rows)
    figures = [one.figure for one in card(chief, now)["tiles"]]

    assert figures[0] == f"{sent:,}"
    assert figures[2:4] == [f"{100 * opened / sent:.1f}%", f"{100 * clicked / sent:.1f}%"]
    assert figures[4] == f"{100 * sum(counts['unsubscribed'] for counts in rows) / sent:.2f}%"


def test_each_figure_is_compared_with_the_thirty_days_before(chief: User, now: datetime) -> None:
    finished(now, sent=900, targeted=1000, ignored=0, failed=100, opened=450, unsubscribed=9)
    finished(now - timedelta(days=45), sent=800, targeted=1000, ignored=0, failed=200, opened=240, unsubscribed=4)

    found = card(chief, now)

    assert [(one.delta, one.meaning) for one in found["tiles"]] == [
        ("+12.5 %", "good"),
        ("+10.0 pt", "good"),
        ("+20.0 pt", "good"),
        ("−0.5 pt", "bad"),
        ("+0.5 pt", "bad"),
    ]


def test_no_change_is_stable_and_nothing_before_is_no_comparison(chief: User, now: datetime) -> None:
    finished(now)
    assert tile(card(chief, now), 2).delta == ""

    finished(now - timedelta(days=45))
    assert tile(card(chief, now), 2).delta == "stable"


def test_a_day_is_a_day_of_the_zone_and_proofs_are_left_out(chief: User, now: datetime) -> None:
    # Half past midnight in Paris, still the day before in UTC.
    finished(now.replace(hour=22, minute=30) - timedelta(days=1), sent=891)
    finished(now, kind=DeliveryKind.PROOF)

    table = str(card(chief, now)["messages"])

    assert tile(card(chief, now), 0).figure == "891"
    assert '<th scope="row">6 Oct</th><td class="num">891</td>' in table


def test_raw_opens_stand_beside_those_of_people(chief: User, now: datetime) -> None:
    delivery = finished(now)
    DeliveryHour.objects.create(delivery=delivery, hour=1, human_opens=200, people=300)
    DeliveryHour.objects.create(delivery=delivery, hour=2, human_opens=97, people=145)

    found = card(chief, now)

    assert tile(found, 2).note == f"raw {100 * 445 / 891:.1f}%"
    assert "Raw opens" in str(found["opens"])


def test_channels_are_apart_in_the_chart(chief: User, now: datetime) -> None:
    finished(now)
    finished(now, channel="sms")

    found = card(chief, now)

    assert [str(label) for _look, label in found["channels"]] == ["E-mail", "SMS"]
    assert '<rect class="c2"' in str(found["messages"])


def test_a_program_has_its_own_figures(chief: User, now: datetime) -> None:
    program = Program.objects.create(label="Loyalty")
    finished(now, operation=Operation.objects.create(label="Ours", program=program), sent=100)
    finished(now)

    assert tile(card(chief, now, f"?program={program.pk}"), 0).figure == "100"


def test_where_nothing_left_there_is_no_card(chief: User, now: datetime) -> None:
    assert indicators_card(view(chief, now)) is None
