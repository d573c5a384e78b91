"""The page of what is in doubt: everything across deliveries, settled in bulk by whoever may start a delivery."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from deliveries.models import Broadlog, Delivery, DeliveryState
from tests.deliveries.rows import rows_of, statuses_of
from tests.deliveries.test_settlement import make_doubtful

pytestmark = pytest.mark.django_db
PAGE = "/admin/deliveries/messageindoubt/"


@pytest.fixture
def delivery() -> Delivery:
    return make_doubtful(timezone.now() - timedelta(minutes=1))


def html(client: Client, **query: Any) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def post(client: Client, rows: list[Broadlog], **data: str) -> str:
    chosen = {"action": "settle", "_selected_action": [row.pk for row in rows], **data}
    return client.post(PAGE, chosen, follow=True).content.decode()


def test_it_shows_who_of_which_delivery_and_nobody_else(admin_client: Client, delivery: Delivery) -> None:
    sent, *doubtful = rows_of(delivery)

    shown = html(admin_client)

    assert all(row.address in shown for row in doubtful)
    assert sent.address not in shown
    assert f"/admin/deliveries/delivery/{delivery.pk}/change/" in shown


def test_it_is_filtered_by_delivery_and_by_age(admin_client: Client, delivery: Delivery) -> None:
    row = rows_of(delivery)[-1]

    assert row.address in html(admin_client, delivery=str(delivery.pk))
    assert row.address not in html(admin_client, delivery=str(delivery.pk + 1))
    assert row.address not in html(admin_client, hours="1")


def test_the_dialog_names_what_follows_from_each_choice(admin_client: Client, delivery: Delivery) -> None:
    asked = post(admin_client, rows_of(delivery)[1:])

    assert "Nobody knows whether 2 messages were received." in asked
    for consequence in ("stays without", "no address is to blame", "gets it twice"):
        assert consequence in asked
    assert statuses_of(delivery).count("in_doubt") == 2 or "pending" in statuses_of(delivery)


@pytest.mark.parametrize(
    ("choice", "status", "said"),
    [
        ("sent", "sent", "1 message is assumed sent."),
        ("failed", "failed", "1 message is assumed failed."),
        ("resend", "pending", "1 message is sent again."),
    ],
)
def test_those_selected_are_settled_and_no_others(
    admin_client: Client, delivery: Delivery, choice: str, status: str, said: str
) -> None:
    _sent, chosen, other = rows_of(delivery)

    assert said in post(admin_client, [chosen], confirmed="yes", choice=choice)

    assert statuses_of(delivery)[1] == status
    other.refresh_from_db()
    assert other.in_doubt_since is not None


def test_a_refusal_is_said_with_the_name_of_the_delivery(admin_client: Client, delivery: Delivery) -> None:
    Delivery.objects.update(state=DeliveryState.STOPPED)
    shown = post(admin_client, rows_of(delivery)[1:], confirmed="yes", choice="resend")
    assert "sends nothing any more" in shown


def test_who_may_only_look_settles_nothing(client: Client, delivery: Delivery) -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_broadlog"))
    client.force_login(user)

    assert rows_of(delivery)[-1].address in html(client)
    post(client, rows_of(delivery)[1:], confirmed="yes", choice="sent")

    assert Broadlog.objects.filter(in_doubt_since__isnull=False).count() == 2


def test_who_may_not_see_the_log_does_not_see_the_page(client: Client, delivery: Delivery) -> None:
    client.force_login(User.objects.create_user("stranger", is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_the_queries_do_not_grow_with_the_rows(
    admin_client: Client, delivery: Delivery, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_doubtful(timezone.now() - timedelta(minutes=1))
    with django_assert_max_num_queries(15):
        html(admin_client)


def test_the_delivery_leads_to_it(admin_client: Client, delivery: Delivery) -> None:
    page = admin_client.get(f"/admin/deliveries/delivery/{delivery.pk}/change/").content.decode()
    assert f"{PAGE}?delivery={delivery.pk}" in page
