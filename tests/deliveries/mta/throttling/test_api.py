"""receiver-groups/, sending-limits/, receiver-states/ and warm-ups/."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from rest_framework.test import APIClient

from deliveries.models import Affinity, GroupState, ReceiverGroup, Route
from deliveries.mta.throttling.states import pause_receiver

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def client(admin_user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


@pytest.fixture
def state() -> GroupState:
    route = Route.objects.create(label="Direct", url="mx://")
    pause_receiver(route.pk, "", "google", reason="550 5.7.26", now=timezone.now())
    return GroupState.objects.get()


def test_a_group_and_its_limit_are_made_and_changed(client: APIClient) -> None:
    group = client.post(f"{API}/receiver-groups/", {"label": "Small", "domains": "small.example"}, format="json").data
    made = client.post(f"{API}/sending-limits/", {"group": group["id"], "messages_per_second": 2}, format="json")
    again = client.post(f"{API}/sending-limits/", {"group": group["id"], "connections": 1}, format="json")
    changed = client.patch(f"{API}/sending-limits/{made.data['id']}/", {"connections": 3}, format="json")

    assert made.status_code == 201
    assert (again.status_code, changed.status_code) == (400, 200)
    limit = ReceiverGroup.objects.get(pk=group["id"]).limits.get()
    assert (limit.messages_per_second, limit.connections) == (2, 3)


def test_a_state_tells_why_and_is_resumed_and_paused(client: APIClient, state: GroupState) -> None:
    listed = client.get(f"{API}/receiver-states/", {"receiver": "google"}).data["results"]
    resumed = client.post(f"{API}/receiver-states/{state.pk}/resume/")
    refused = client.post(f"{API}/receiver-states/{state.pk}/resume/")
    paused = client.post(f"{API}/receiver-states/{state.pk}/pause/", {"reason": "Outage"}, format="json")

    assert [(row["is_paused"], row["reason"], row["factor"]) for row in listed] == [(True, "550 5.7.26", 1.0)]
    assert resumed.data["is_paused"] is False
    assert refused.status_code == 409
    assert (paused.data["is_paused"], paused.data["paused_until"], paused.data["reason"]) == (True, None, "Outage")


def test_who_may_only_read_resumes_nothing(state: GroupState) -> None:
    user = User.objects.create_user("reader")
    user.user_permissions.add(Permission.objects.get(codename="view_groupstate"))
    client = APIClient()
    client.force_authenticate(user)

    assert client.get(f"{API}/receiver-states/{state.pk}/").status_code == 200
    assert client.post(f"{API}/receiver-states/{state.pk}/resume/").status_code == 403


def test_a_plan_tells_how_many_messages_it_allows_today(client: APIClient) -> None:
    affinity = Affinity.objects.create(name="news")
    plan: dict[str, Any] = {
        **{"affinity": affinity.pk, "starts_on": timezone.now().date().isoformat()},
        **{"first_day": 50, "ceiling": 1000},
    }

    made = client.post(f"{API}/warm-ups/", plan, format="json")
    again = client.post(f"{API}/warm-ups/", plan, format="json")

    assert (made.status_code, made.data["today"], made.data["group"]) == (201, 50, None)
    assert again.status_code == 400
