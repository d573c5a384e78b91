"""The pages of receivers: groups with their limits, states with their buttons, warm-up plans as tables."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deliveries.models import Affinity, DailyVolume, GroupState, ReceiverGroup, Route, SendingLimit, WarmUp
from deliveries.mta.throttling.states import pause_receiver, slow_down

pytestmark = pytest.mark.django_db
ADMIN = "/admin/deliveries"


@pytest.fixture
def route() -> Route:
    return Route.objects.create(label="Direct", url="mx://")


def page(client: Client, path: str) -> str:
    answer = client.get(f"{ADMIN}/{path}")
    assert answer.status_code == 200, answer
    return answer.content.decode()


def paused(route: Route, **values: Any) -> GroupState:
    now = timezone.now()
    pause_receiver(route.pk, "", "google", reason="550 5.7.26 unauthenticated", now=now, **values)
    return GroupState.objects.get(receiver="google")


def test_a_group_is_shown_with_its_limits_and_they_can_be_edited(admin_client: Client) -> None:
    group = ReceiverGroup.objects.get(internal_name="yahoo")
    line = group.limits.get()

    listed = page(admin_client, "receivergroup/")
    form = page(admin_client, f"receivergroup/{group.pk}/change/")
    data = {
        **{"label": "Yahoo", "internal_name": "yahoo", "position": "10", "domains": "yahoo.*", "mail_servers": ""},
        **{"limits-TOTAL_FORMS": "1", "limits-INITIAL_FORMS": "1", "limits-0-id": line.pk, "limits-0-group": group.pk},
        **{"limits-0-connections": "2", "limits-0-messages_per_second": "1.5", "limits-0-enabled": "on"},
    }
    answer = admin_client.post(f"{ADMIN}/receivergroup/{group.pk}/change/", data)

    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.content.decode(), re.S)
    assert "5 connections · 20 messages per connection" in listed
    assert "*.yahoodns.net" in form
    line.refresh_from_db()
    assert (line.connections, line.messages_per_connection, line.messages_per_second) == (2, None, 1.5)


def test_the_general_limit_is_among_the_limits(admin_client: Client) -> None:
    assert SendingLimit.objects.filter(group__isnull=True).count() == 1
    assert "Every other domain" in page(admin_client, "sendinglimit/")


def test_a_paused_receiver_says_why_and_until_when_and_a_button_resumes_it(admin_client: Client, route: Route) -> None:
    row = paused(route)

    listed = page(admin_client, "groupstate/")
    shown = page(admin_client, f"groupstate/{row.pk}/change/")
    admin_client.post(f"{ADMIN}/groupstate/{row.pk}/do/resume/")

    for html in (listed, shown):
        assert "Google (Gmail, Workspace)" in html
        assert "550 5.7.26 unauthenticated" in html
        assert "Paused" in html
    row.refresh_from_db()
    assert (row.paused, row.paused_until, row.reason) == (False, None, "")


def test_a_slow_receiver_shows_its_share_of_now(admin_client: Client, route: Route) -> None:
    slow_down(route.pk, "", "google", rate=10, reason="421", now=timezone.now() - timedelta(minutes=2))

    listed = page(admin_client, "groupstate/")

    assert "Slowed down" in listed
    assert "70 %" in listed


def test_the_pause_explains_itself_asks_for_a_reason_and_holds_until_somebody_resumes(
    admin_client: Client, route: Route
) -> None:
    slow_down(route.pk, "", "google", rate=10, reason="421", now=timezone.now())
    row = GroupState.objects.get()

    dialog = page(admin_client, f"groupstate/{row.pk}/do/pause/")
    admin_client.post(f"{ADMIN}/groupstate/{row.pk}/do/pause/", {"reason": "Their outage"})

    assert "Nothing more leaves for it" in dialog
    row.refresh_from_db()
    assert (row.paused, row.reason) == (True, "Their outage")


def test_adding_a_state_pauses_a_receiver_that_taught_us_nothing_yet(admin_client: Client, route: Route) -> None:
    data = {"route": route.pk, "receiver": "Small.Example ", "affinity": "", "reason": "Holidays"}

    admin_client.post(f"{ADMIN}/groupstate/add/", data)

    row = GroupState.objects.get()
    assert (row.receiver, row.paused, row.reason) == ("small.example", True, "Holidays")


def test_somebody_who_may_only_look_gets_no_buttons(client: Client, route: Route) -> None:
    row = paused(route)
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_groupstate"))
    client.force_login(user)

    assert "/do/resume/" not in page(client, f"groupstate/{row.pk}/change/")
    assert client.post(f"{ADMIN}/groupstate/{row.pk}/do/resume/").status_code == 403


def test_a_warm_up_plan_shows_its_days_beside_what_was_sent(admin_client: Client) -> None:
    today = timezone.now().date()
    affinity = Affinity.objects.create(name="news")
    google = ReceiverGroup.objects.get(internal_name="google")
    plan = WarmUp.objects.create(
        affinity=affinity, group=google, starts_on=today, first_day=100, growth=2, ceiling=1000
    )
    DailyVolume.objects.create(affinity="news", receiver="google", day=today, messages=77)

    html = page(admin_client, f"warmup/{plan.pk}/change/")

    for volume in ("100", "200", "400", "800", "77"):
        assert f'<td class="num">{volume}</td>' in html
    assert "100" in page(admin_client, "warmup/")


@pytest.mark.parametrize("path", ["receivergroup/", "sendinglimit/", "groupstate/", "warmup/"])
def test_the_lists_need_few_queries(
    admin_client: Client, route: Route, django_assert_max_num_queries: Any, path: str
) -> None:
    for number in range(20):
        pause_receiver(route.pk, "", f"r{number}.example", reason="x", now=timezone.now())

    with django_assert_max_num_queries(15):
        page(admin_client, path)


def test_the_pages_belong_to_the_administration(admin_client: Client) -> None:
    html = admin_client.get("/admin/section/administration/").content.decode()

    for path in ("receivergroup", "sendinglimit", "groupstate", "warmup"):
        assert f"{ADMIN}/{path}/" in html
