"""The outer contract of the API: which lists there are, what a document shows, how it is filtered and refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from rest_framework.test import APIClient

from operations.models import Operation
from tests.api.world import make_world

pytestmark = pytest.mark.django_db
API = "/api/v1"

MAYBE = type(None)
TEXT, NUMBER, TRUTH, ROW, MAYBE_ROW, INSTANT = (str,), (int,), (bool,), (int,), (int, MAYBE), (str,)
MAYBE_TEXT, DICT, LIST = (str, MAYBE), (dict,), (list,)
CONTENT = {
    **dict.fromkeys(["channel", "subject", "html", "text", "from_name", "from_email", "reply_to"], TEXT),
    **dict.fromkeys(["typology", "route", "affinity", "service"], MAYBE_ROW),
    "tracking_enabled": TRUTH,
    "approval_mode": TEXT,
    "validity_days": NUMBER,
}
DOCUMENTS: dict[str, dict[str, tuple[type, ...]]] = {
    "recipients": {
        **dict.fromkeys(["email", "first_name", "last_name", "mobile_phone", "language", "gender"], TEXT),
        **{"id": ROW, "country_code": TEXT, "birth_date": MAYBE_TEXT, "denylist": DICT, "attributes": DICT},
        "created_at": INSTANT,
    },
    "recipient-lists": {"id": ROW, "label": TEXT},
    "services": {"id": ROW, "label": TEXT, "channel": TEXT},
    "subscriptions": {"id": ROW, "service": ROW, "recipient": ROW},
    "quarantine": {"id": ROW, "channel": TEXT, "address": TEXT, "status": TEXT},
    "plans": {"id": ROW, "label": TEXT},
    "programs": {"id": ROW, "label": TEXT, "plan": MAYBE_ROW},
    "operations": {
        **{"id": ROW, "label": TEXT, "program": MAYBE_ROW, "state": TEXT},
        **{"starts_on": MAYBE_TEXT, "ends_on": MAYBE_TEXT},
    },
    "workflows": {
        **{"id": ROW, "label": TEXT, "operation": MAYBE_ROW, "state": TEXT, "failed": TRUTH, "time_zone": TEXT},
    },
    "activities": {"id": ROW, "workflow": ROW, "name": TEXT, "type": TEXT, "label": TEXT, "config": DICT},
    "activity-types": {"code": TEXT, "label": TEXT},
    "transitions": {"id": ROW, "source": ROW, "outlet": TEXT, "target": ROW},
    "workflow-runs": {
        **{"id": ROW, "workflow": ROW, "scheduled_for": INSTANT, "state": TEXT, "started_at": MAYBE_TEXT},
        **{"ended_at": MAYBE_TEXT, "error": TEXT, "activities": LIST},
    },
    "delivery-templates": {"id": ROW, "label": TEXT, **CONTENT},
    "deliveries": {
        **{"id": ROW, "label": TEXT, "kind": TEXT, "state": TEXT, "operation": MAYBE_ROW, "workflow_run": MAYBE_ROW},
        **{"series": MAYBE_ROW, "occurrence": (int, MAYBE), "proof_of": MAYBE_ROW, "contact_date": MAYBE_TEXT},
        **{"counts": DICT, "pending_reason": MAYBE_TEXT, "template": MAYBE_ROW, "in_doubt_policy": TEXT},
        **{"stop_requested": TRUTH, "target": (dict, MAYBE), **CONTENT},
    },
    "delivery-series": {"id": ROW, "label": TEXT, "operation": ROW, "activity": ROW},
    "preparations": {"id": ROW, "delivery": ROW, "state": TEXT, "targeted": NUMBER, "ignored_counts": DICT},
    "broadlogs": {
        **{"id": ROW, "delivery": ROW, "recipient": MAYBE_ROW, "address": TEXT, "status": TEXT, "in_doubt": TRUTH},
        **dict.fromkeys(["failure_type", "failure_reason"], MAYBE_TEXT),
        **{"failure_detail": TEXT, "workflow_run": MAYBE_ROW, "content_version": MAYBE_ROW, "updated_at": INSTANT},
    },
    "tracked-urls": {"id": ROW, "delivery": ROW, "url": TEXT},
    "tracking-logs": {
        **{"id": ROW, "delivery": ROW, "broadlog": ROW, "recipient": MAYBE_ROW, "kind": TEXT, "url": TEXT},
        **{"at": INSTANT, "verdict": TEXT},
    },
    "typologies": {"id": ROW, "label": TEXT},
    "routes": {"id": ROW, "label": TEXT, "channel": TEXT},
    "affinities": {"id": ROW, "name": TEXT},
    "receiver-groups": {"id": ROW, "label": TEXT, "position": NUMBER, "domains": TEXT, "mail_servers": TEXT},
    "sending-limits": {"id": ROW, "group": MAYBE_ROW, "route": MAYBE_ROW, "affinity": MAYBE_ROW, "enabled": TRUTH},
    "receiver-states": {"id": ROW, "route": ROW, "receiver": TEXT, "is_paused": TRUTH, "reason": TEXT},
    "warm-ups": {"id": ROW, "affinity": ROW, "group": MAYBE_ROW, "starts_on": TEXT, "first_day": NUMBER},
    "signing-keys": {
        **{"id": ROW, "domain": TEXT, "selector": TEXT, "algorithm": TEXT, "active": TRUTH},
        **{"dns_name": TEXT, "dns_value": TEXT},
    },
    "inbound-sources": {"id": ROW, "label": TEXT, "kind": TEXT, "url": TEXT, "enabled": TRUTH},
    "inbound-mails": {"id": ROW, "kind": TEXT, "outcome": TEXT, "address": TEXT},
    "mta-processes": {"id": ROW, "name": TEXT, "host": TEXT, "pid": NUMBER},
}
# Computed while a document is written: no column holds them. The lists of types and options have no rows.
NOT_FILTERED = {"pending_reason", "has_password", "local_template", "last_occurrence", "occurrences"} | {
    *("factor", "is_paused", "today"),
    *("dns_name", "dns_value", "zone_line"),
}
NO_ROWS = {"activity-types"}
# Creation with no more than the contract asks for, and one change.
WRITABLE: dict[str, dict[str, Any]] = {
    "recipients": {"first_name": "Ada"},
    "recipient-lists": {"label": "New"},
    "services": {"label": "New"},
    "plans": {"label": "New"},
    "programs": {"label": "New"},
    "operations": {"label": "New"},
    "workflows": {"label": "New"},
    "delivery-templates": {"label": "New"},
    "deliveries": {"label": "New"},
    "typologies": {"label": "New"},
    "routes": {"label": "New"},
    "affinities": {"name": "new"},
    "receiver-groups": {"label": "New"},
}
COUNTS = {
    *("targeted", "ignored", "to_deliver", "pending", "in_doubt", "sent", "failed", "cancelled", "not_applicable"),
    *("prepared", "sent_to_provider", "taken_into_account", "received_on_mobile"),
}


@pytest.fixture
def now() -> datetime:
    """Views read the clock: rows are made a little earlier, so that heartbeats are fresh."""
    return timezone.now() - timedelta(seconds=5)


@pytest.fixture
def client(admin_user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(admin_user)
    return client


@pytest.fixture
def world(now: datetime) -> None:
    make_world(now)


def reader() -> APIClient:
    user = User.objects.create_user("reader")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = APIClient()
    client.force_authenticate(user)
    return client


def rows(client: APIClient, name: str, /, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{API}/{name}/", query)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def assert_refused(answer: Any, status: int, code: str | None = None) -> None:
    document = answer.json()
    assert (answer.status_code, set(document)) == (status, {"code", "detail", "fields"})
    assert document["detail"] and isinstance(document["fields"], dict)
    assert code is None or document["code"] == code


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_list_holds_documents_with_the_fields_of_the_contract(name: str, client: APIClient, world: None) -> None:
    answer = client.get(f"{API}/{name}/").json()
    document = answer["results"][0]

    assert set(answer) == {"results", "next"}
    wrong = {
        field: document.get(field, "absent")
        for field, types in DOCUMENTS[name].items()
        if field not in document or type(document[field]) not in types
    }
    assert wrong == {}
    assert client.get(f"{API}/{name}/{document.get('id', document.get('code'))}/").json() == document


@pytest.mark.parametrize("name", sorted(set(DOCUMENTS) - NO_ROWS))
def test_a_list_is_filtered_by_every_field_that_it_shows(name: str, client: APIClient, world: None) -> None:
    document = rows(client, name)[0]

    for field, value in document.items():
        if field in NOT_FILTERED or value in (None, "") or isinstance(value, dict | list):
            continue
        found = rows(client, name, **{field: str(value).lower() if isinstance(value, bool) else value})
        assert document["id"] in [row["id"] for row in found], field
        assert all(row[field] == value for row in found), field


@pytest.mark.parametrize("name", sorted(set(DOCUMENTS) - NO_ROWS))
def test_a_filter_that_can_match_nothing_is_refused_or_finds_nothing(name: str, client: APIClient, world: None) -> None:
    document = rows(client, name)[0]

    for field, value in document.items():
        if field in NOT_FILTERED or isinstance(value, dict | list):
            continue
        answer = client.get(f"{API}/{name}/", {field: "no-such-value"})
        if isinstance(value, int | float):
            assert_refused(answer, 400, "invalid")
        elif answer.status_code != 400:
            assert (field, answer.json()) == (field, {"results": [], "next": None})


@pytest.mark.parametrize(
    "query",
    [
        *("deliveries/?state=nope", "deliveries/?kind=nope", "deliveries/?operation=nope", "deliveries/?series=nope"),
        *("broadlogs/?status=nope", "broadlogs/?in_doubt=nope", "broadlogs/?delivery=99999999999999999999"),
        *("workflow-runs/?state=nope", "workflows/?failed=nope", "activities/?workflow=nope"),
        *("tracking-logs/?kind=nope", "tracking-logs/?verdict=nope", "quarantine/?status=nope"),
        *("recipients/?birth_date=nope", "recipients/?created_at__gte=nope", "recipients/?id=99999999999999999999"),
        *("deliveries/?stat=ready", "broadlogs/?delivery_id=1", "plans/?search=x"),
    ],
)
def test_a_filter_that_is_unknown_or_has_an_unknown_value_is_refused(query: str, client: APIClient) -> None:
    name = query.split("?")[1].split("=")[0]
    answer = client.get(f"{API}/{query}")

    assert_refused(answer, 400, "invalid")
    assert list(answer.json()["fields"]) == [name]


def test_the_filters_of_a_list_do_not_stand_in_the_way_of_one_document(client: APIClient, world: None) -> None:
    delivery, person = rows(client, "deliveries")[0], rows(client, "recipients")[0]

    answer = client.get(f"{API}/deliveries/{delivery['id']}/explain/?recipient={person['id']}").json()

    assert set(answer["steps"][0]) >= {"at", "where", "outcome", "reason"}


def test_a_list_is_read_page_by_page_with_its_filters(client: APIClient) -> None:
    made = [client.post(f"{API}/recipients/", {"language": "fr"}).json()["id"] for _ in range(5)]
    client.post(f"{API}/recipients/", {"language": "en"})
    found, address = [], f"{API}/recipients/?language=fr&page_size=2"

    while address:
        page = client.get(address).json()
        found += [row["id"] for row in page["results"]]
        address = page["next"]

    assert found == sorted(made, reverse=True)


def test_a_delivery_counts_every_status_and_they_add_up(client: APIClient, world: None) -> None:
    counts = rows(client, "deliveries")[0]["counts"]

    assert set(counts) >= COUNTS
    assert counts["targeted"] == sum(counts[name] for name in COUNTS - {"targeted", "to_deliver"}) == 1


def test_a_run_lists_its_activities_with_their_outlets_and_log(client: APIClient, world: None) -> None:
    (task,) = rows(client, "workflow-runs")[0]["activities"]

    assert set(task) >= {"name", "state", "outlets", "log"}


@pytest.mark.parametrize("name", WRITABLE)
def test_a_document_is_created_and_changed_but_not_what_only_the_system_writes(name: str, client: APIClient) -> None:
    made = client.post(f"{API}/{name}/", WRITABLE[name])
    assert made.status_code == 201, made.content
    before = made.json()
    field = next(iter(WRITABLE[name]))
    # What a document shows and nobody may set; the rest are names that it does not have.
    forged = {"id": 4000, "state": "finished", "failed": True, "version": 9, "created_at": "2000-01-01T00:00:00Z"}
    forged |= {"kind": "continuous", "counts": {"sent": 9}, "stop_requested": True, "has_password": True}

    client.patch(f"{API}/{name}/{before['id']}/", {key: forged[key] for key in forged if key in before})
    changed = client.patch(f"{API}/{name}/{before['id']}/", {field: "changed"})

    assert changed.status_code == 200
    after = changed.json()
    assert after[field] == "changed"
    assert {key: after[key] for key in forged if key in after} == {key: before[key] for key in forged if key in before}


def test_recipients_need_no_address_and_may_share_one(client: APIClient) -> None:
    made = [client.post(f"{API}/recipients/", {"email": email}).status_code for email in ("", "a@b.com", "a@b.com")]

    assert made == [201, 201, 201]
    assert client.post(f"{API}/recipients/", {}).json()["email"] == ""
    assert len(rows(client, "recipients", email="A@b.com")) == 2


def test_every_refusal_has_one_format(client: APIClient, world: None) -> None:
    delivery = rows(client, "deliveries")[0]["id"]

    assert_refused(client.get(f"{API}/deliveries/99999/"), 404, "not_found")
    assert_refused(client.get(f"{API}/deliveries/{delivery}/nothing/"), 404, "not_found")
    assert_refused(client.get(f"{API}/nothing/"), 404, "not_found")
    assert_refused(client.get(f"{API}/deliveries/{delivery}/explain/?recipient=99999"), 404, "not_found")
    assert_refused(client.get(f"{API}/deliveries/{delivery}/explain/?recipient=ada"), 400, "invalid")
    assert_refused(client.delete(f"{API}/deliveries/{delivery}/"), 405, "method_not_allowed")
    assert_refused(client.get(f"{API}/deliveries/{delivery}/stop/"), 405, "method_not_allowed")
    assert_refused(client.post(f"{API}/plans/", b"{nope", content_type="application/json"), 400, "parse_error")
    assert_refused(client.post(f"{API}/plans/", b"[1]", content_type="application/json"), 400, "invalid")
    assert_refused(client.post(f"{API}/plans/", b"<a/>", content_type="text/xml"), 415, "unsupported_media_type")
    assert_refused(client.post(f"{API}/plans/", {}), 400, "invalid")
    assert_refused(client.post(f"{API}/deliveries/{delivery}/resume/"), 409, "illegal_state")


def test_a_view_that_breaks_answers_in_the_same_format(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("operations.api.containers.PlanViewSet.get_queryset", break_down)

    assert_refused(client.get(f"{API}/plans/"), 500, "error")
    assert "boom" not in client.get(f"{API}/plans/").content.decode()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nobody_reads_without_signing_in_or_without_permission(name: str) -> None:
    stranger, newcomer = APIClient(), APIClient()
    newcomer.force_authenticate(User.objects.create_user("newcomer"))

    assert_refused(stranger.get(f"{API}/{name}/"), 401, "not_authenticated")
    if name not in NO_ROWS:
        assert_refused(newcomer.get(f"{API}/{name}/"), 403, "permission_denied")


@pytest.mark.parametrize("name", WRITABLE)
def test_whoever_may_only_read_writes_nothing(name: str, client: APIClient) -> None:
    made, looking = client.post(f"{API}/{name}/", WRITABLE[name]).json(), reader()

    assert looking.get(f"{API}/{name}/{made['id']}/").status_code == 200
    assert_refused(looking.post(f"{API}/{name}/", WRITABLE[name]), 403)
    assert_refused(looking.patch(f"{API}/{name}/{made['id']}/", WRITABLE[name]), 403)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        *(("operations", verb) for verb in ("start", "cancel")),
        *(("workflows", verb) for verb in ("start", "pause", "resume", "stop", "run-now")),
        *(("deliveries", verb) for verb in ("prepare", "confirm", "pause", "resume", "stop", "proof")),
        *(("delivery-templates", "proof"), ("activities", "proof"), ("quarantine", "release")),
    ],
)
def test_whoever_may_only_read_starts_and_stops_nothing(name: str, action: str, client: APIClient, world: None) -> None:
    number = rows(client, name)[0]["id"]

    assert_refused(reader().post(f"{API}/{name}/{number}/{action}/", {}), 403, "permission_denied")


@pytest.mark.parametrize("name", [*WRITABLE, "subscriptions"])
def test_a_post_that_comes_twice_with_one_key_acts_once(name: str, client: APIClient, world: None) -> None:
    pair = {"service": rows(client, "services")[0]["id"], "recipient": rows(client, "recipients")[0]["id"]}
    document, key = WRITABLE.get(name, pair), {"Idempotency-Key": "one"}

    first = client.post(f"{API}/{name}/", document, headers=key)
    again = client.post(f"{API}/{name}/", document, headers=key)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert_refused(client.post(f"{API}/{name}/", {**document, "x": 1}, headers=key), 422, "idempotency_mismatch")


def test_a_state_that_forbids_the_action_is_said_in_words(client: APIClient) -> None:
    operation = Operation.objects.create(label="Over")
    client.post(f"{API}/operations/{operation.pk}/cancel/")

    answer = client.post(f"{API}/operations/{operation.pk}/start/")

    assert_refused(answer, 409, "illegal_state")
    assert "“Cancelled”" in answer.json()["detail"]
