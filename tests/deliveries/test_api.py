"""The documents and actions of deliveries over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from rest_framework.test import APIClient

from deliveries.models import Affinity, Broadlog, Delivery, DeliveryTemplate, MessageStatus, Preparation
from deliveries.proofs import send_proof
from tests.deliveries.factories import EVERYONE, analyse, make_activity, make_delivery, make_template, run_once
from tests.deliveries.rows import claim, doubt, make_ready, make_started, record, rows_of, state_of
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def client(admin_user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


@pytest.fixture
def now() -> datetime:
    """Views read the clock: rows are made a little earlier."""
    return timezone.now() - timedelta(minutes=1)


def as_user(*codenames: str) -> APIClient:
    user = User.objects.create_user(f"user-{'-'.join(codenames)}")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_delivery_made_from_a_template_copies_it(client: APIClient) -> None:
    template = make_template(label="Birthday", subject="Happy birthday")

    answer = client.post(f"{API}/deliveries/", {"template": template.pk, "target": EVERYONE, "label": "By hand"})

    assert answer.status_code == 201, answer.json()
    document = answer.json()
    assert document["subject"] == "Happy birthday"
    assert (document["label"], document["kind"], document["state"]) == ("By hand", "one_off", "edited")
    assert (document["template"], document["target"], document["pending_reason"]) == (template.pk, EVERYONE, None)
    assert document["counts"]["targeted"] == 0


def test_a_delivery_can_be_made_from_fields_alone(client: APIClient) -> None:
    fields = {"label": "News", "subject": "Hello", "html": "<p>Hi</p>", "from_email": "a@example.com"}

    answer = client.post(f"{API}/deliveries/", {**fields, "target": EVERYONE})

    assert answer.status_code == 201
    assert Delivery.objects.get(pk=answer.json()["id"]).subject == "Hello"
    assert client.post(f"{API}/deliveries/", {"subject": "Hello"}).json()["fields"].keys() == {"label"}


def test_a_field_that_does_not_exist_is_named(client: APIClient, now: datetime) -> None:
    delivery = make_delivery(now)

    answer = client.patch(f"{API}/deliveries/{delivery.pk}/", {"sujet": "x"})

    assert (answer.status_code, answer.json()["fields"].keys()) == (400, {"sujet"})


@pytest.mark.parametrize("target", [{"field": "shoe_size", "op": "equals", "value": 1}, {}, [], {"list": 999}])
def test_a_wrong_target_is_refused_with_its_field(client: APIClient, now: datetime, target: Any) -> None:
    answer = client.post(f"{API}/deliveries/", {"template": make_template().pk, "target": target})

    assert answer.status_code == 400
    assert "target" in answer.json()["fields"]
    assert not Delivery.objects.exists()


def test_a_delivery_is_prepared_confirmed_and_sent_away(client: APIClient, now: datetime) -> None:
    make_recipients(2)
    delivery = make_delivery(now)
    url = f"{API}/deliveries/{delivery.pk}"

    assert client.post(f"{url}/prepare/").json()["state"] == "target_pending"
    analysis = Preparation.objects.get(delivery=delivery)
    from deliveries.preparation.pipeline import run_preparation

    run_preparation(preparation=analysis, now=now)
    document = client.get(f"{url}/").json()
    assert (document["state"], document["pending_reason"]) == ("ready", "confirmation_missing")
    assert (document["counts"]["targeted"], document["counts"]["to_deliver"]) == (2, 2)

    assert client.post(f"{url}/confirm/").json()["state"] == "start_pending"


def test_a_confirmation_may_set_the_contact_date(client: APIClient, now: datetime) -> None:
    delivery = make_ready(now)
    later = timezone.now() + timedelta(days=1)

    answer = client.post(f"{API}/deliveries/{delivery.pk}/confirm/", {"contact_date": later.isoformat()})

    assert answer.json()["pending_reason"] == "scheduled"
    delivery.refresh_from_db()
    assert delivery.contact_date == later


def test_pause_resume_and_stop_answer_with_the_new_state(client: APIClient, now: datetime) -> None:
    delivery = make_started(now)
    url = f"{API}/deliveries/{delivery.pk}"

    assert client.post(f"{url}/pause/").json()["state"] == "paused"
    assert client.post(f"{url}/resume/").json()["state"] == "in_progress"
    claim(delivery, now)
    stopping = client.post(f"{url}/stop/").json()
    assert (stopping["state"], stopping["stop_requested"]) == ("in_progress", True)


def test_a_refused_action_answers_409_with_illegal_state(client: APIClient, now: datetime) -> None:
    delivery = make_delivery(now)

    for verb in ("pause", "resume", "confirm"):
        answer = client.post(f"{API}/deliveries/{delivery.pk}/{verb}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_state")
    assert "Being edited" in answer.json()["detail"]


def test_stopping_a_series_that_is_none_is_refused(client: APIClient, now: datetime) -> None:
    delivery = make_started(now)

    answer = client.post(f"{API}/deliveries/{delivery.pk}/stop/", {"scope": "series"})

    assert (answer.status_code, answer.json()["code"]) == (400, "not_a_series")
    assert client.post(f"{API}/deliveries/{delivery.pk}/stop/", {"scope": "all"}).status_code == 400
    assert state_of(delivery) == "in_progress"


def test_stopping_an_occurrence_says_that_the_series_goes_on(client: APIClient, now: datetime) -> None:
    occurrence = run_once(make_activity("recurring_delivery", action="prepare"), make_recipients(1), now=now)

    answer = client.post(f"{API}/deliveries/{occurrence.pk}/stop/")

    assert answer.json()["state"] == "stopped"
    assert "next run" in answer.json()["detail"]


def test_a_proof_is_made_for_addresses_and_numbered(client: APIClient, now: datetime) -> None:
    delivery = make_delivery(now)

    answer = client.post(f"{API}/deliveries/{delivery.pk}/proof/", {"addresses": ["boss@example.com"]})

    assert answer.status_code == 201, answer.json()
    document = answer.json()
    assert (document["kind"], document["proof_of"], document["proof_number"]) == ("proof", delivery.pk, 1)


def test_no_proof_comes_from_a_recurring_delivery_its_template_or_its_activity(
    client: APIClient, now: datetime
) -> None:
    activity = make_activity("recurring_delivery", action="prepare")
    occurrence = run_once(activity, make_recipients(1), now=now)
    local = DeliveryTemplate.objects.get(activity=activity)
    body = {"addresses": ["boss@example.com"]}

    for url in (f"deliveries/{occurrence.pk}", f"delivery-templates/{local.pk}", f"activities/{activity.pk}"):
        answer = client.post(f"{API}/{url}/proof/", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "proof_not_allowed_for_recurring")
    assert not Delivery.objects.filter(kind="proof").exists()


def test_a_template_sends_proofs(client: APIClient) -> None:
    recipient = make_recipient(1)

    answer = client.post(f"{API}/delivery-templates/{make_template().pk}/proof/", {"recipients": [recipient.pk]})

    assert (answer.status_code, answer.json()["kind"]) == (201, "proof")


def test_changing_the_content_voids_the_analysis(client: APIClient, now: datetime) -> None:
    delivery = make_ready(now)

    answer = client.patch(f"{API}/deliveries/{delivery.pk}/", {"subject": "Something else"})

    assert (answer.status_code, answer.json()["state"]) == (200, "edited")
    assert answer.json()["counts"]["targeted"] == 0
    assert not Broadlog.objects.exists()


def test_affinity_route_priority_and_contact_date_change_without_a_new_analysis(
    client: APIClient, now: datetime
) -> None:
    delivery = make_ready(now)
    affinity = Affinity.objects.create(name="bulk")
    later = timezone.now() + timedelta(days=1)

    changes = {"affinity": affinity.pk, "priority": 20, "contact_date": later.isoformat()}
    answer = client.patch(f"{API}/deliveries/{delivery.pk}/", changes)

    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    assert answer.json()["affinity"] == affinity.pk


def test_the_content_of_what_is_being_sent_can_not_change_but_its_affinity_can(
    client: APIClient, now: datetime
) -> None:
    delivery = make_started(now)
    affinity = Affinity.objects.create(name="bulk")

    refused = client.patch(f"{API}/deliveries/{delivery.pk}/", {"subject": "Something else"})
    allowed = client.patch(f"{API}/deliveries/{delivery.pk}/", {"affinity": affinity.pk})

    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_state")
    assert "subject" in refused.json()["detail"]
    assert allowed.status_code == 200


def test_a_delivery_of_a_workflow_takes_no_target(client: APIClient, now: datetime) -> None:
    occurrence = run_once(make_activity("recurring_delivery", action="prepare"), make_recipients(1), now=now)

    answer = client.patch(f"{API}/deliveries/{occurrence.pk}/", {"target": EVERYONE})

    assert (answer.status_code, answer.json()["fields"].keys()) == (400, {"target"})


def test_explain_gives_the_causes_or_the_way_of_one_person(client: APIClient, now: datetime) -> None:
    delivery = make_ready(now, people=1)
    (row,) = rows_of(delivery)
    url = f"{API}/deliveries/{delivery.pk}/explain/"

    (cause,) = client.get(url).json()["pending"]
    steps = client.get(url, {"recipient": str(row.recipient_id)}).json()["steps"]

    assert cause.keys() == {"code", "detail", "remedy", "until"}
    assert cause["code"] == "confirmation_missing"
    outcomes = [step["outcome"] for step in steps]
    assert (outcomes[0], outcomes[-1]) == ("kept", "Pending")
    assert client.get(url, {"recipient": "x"}).status_code == 400


def test_the_ledger_of_a_delivery_says_whether_it_adds_up(client: APIClient, now: datetime) -> None:
    delivery = make_ready(now)
    url = f"{API}/deliveries/{delivery.pk}/ledger/"

    document = client.get(url).json()
    assert document["ok"] is True
    assert (document["lines"][0]["targeted"], document["lines"][0]["difference"]) == (3, 0)

    Delivery.objects.filter(pk=delivery.pk).update(sent=1)
    assert client.get(url).json()["ok"] is False


def test_an_action_repeated_with_its_key_acts_once(client: APIClient, now: datetime) -> None:
    delivery = make_delivery(now)
    url, body = f"{API}/deliveries/{delivery.pk}/proof/", {"addresses": ["boss@example.com"]}

    first = client.post(url, body, headers={"Idempotency-Key": "k1"})
    second = client.post(url, body, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert Delivery.objects.filter(kind="proof").count() == 1


@pytest.mark.parametrize(
    ("verb", "codename"),
    [
        ("prepare", "prepare_delivery"),
        ("confirm", "start_delivery"),
        ("pause", "start_delivery"),
        ("resume", "start_delivery"),
        ("stop", "start_delivery"),
        ("proof", "proof_delivery"),
    ],
)
def test_each_action_needs_its_permission(now: datetime, verb: str, codename: str) -> None:
    delivery = make_delivery(now)
    url = f"{API}/deliveries/{delivery.pk}/{verb}/"

    assert as_user("view_delivery", "change_delivery", "add_delivery").post(url).status_code == 403
    assert as_user(codename).post(url).status_code != 403


def test_deliveries_are_filtered_by_what_they_show(client: APIClient, now: datetime) -> None:
    ready, _edited = make_ready(now), make_delivery(now)

    def numbers(**query: Any) -> list[int]:
        return [row["id"] for row in client.get(f"{API}/deliveries/", query).json()["results"]]

    assert numbers(state="ready") == [ready.pk]
    assert len(numbers(kind="one_off")) == 2
    assert numbers(kind="proof") == []
    assert client.get(f"{API}/deliveries/", {"state": "asleep"}).status_code == 400


def test_a_page_of_deliveries_costs_the_same_for_two_and_for_twenty(
    client: APIClient, now: datetime, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    affinity = Affinity.objects.create(name="bulk")
    for _ in range(20):
        make_started(now, affinity=affinity)

    with django_assert_max_num_queries(10):
        assert len(client.get(f"{API}/deliveries/").json()["results"]) == 20


def test_broadlogs_are_filtered_and_pending_includes_what_is_in_doubt(client: APIClient, now: datetime) -> None:
    make_recipients(3)
    make_recipient(4, denylist_email=True)
    delivery = make_started(now)
    sent, doubtful, waiting, ignored = rows_of(delivery)
    record([sent], MessageStatus.SENT, now)
    doubt(doubtful, now)

    def numbers(**query: Any) -> set[int]:
        rows = client.get(f"{API}/broadlogs/", {"delivery": delivery.pk, **query}).json()["results"]
        return {row["id"] for row in rows}

    assert numbers(status="pending") == {doubtful.pk, waiting.pk}
    assert numbers(status="pending", in_doubt="false") == {waiting.pk}
    assert numbers(in_doubt="true") == {doubtful.pk}
    assert numbers(status="ignored", failure_reason="denylisted") == {ignored.pk}
    assert numbers(recipient=sent.recipient_id) == {sent.pk}
    assert numbers(address=sent.address.upper()) == {sent.pk}
    everywhere = client.get(f"{API}/broadlogs/", {"address": sent.address}).json()["results"]
    assert [row["id"] for row in everywhere] == [sent.pk]


def test_a_broadlog_shows_slugs_and_its_run_and_content_version(client: APIClient, now: datetime) -> None:
    make_recipient(1, denylist_email=True)
    occurrence = run_once(make_activity("recurring_delivery", action="prepare"), [make_recipient(2)], now=now)
    (row,) = rows_of(occurrence)

    document = client.get(f"{API}/broadlogs/{row.pk}/").json()

    assert (document["status"], document["in_doubt"], document["failure_type"]) == ("pending", False, None)
    assert document["workflow_run"] == occurrence.workflow_run_id
    assert document["content_version"] == row.preparation.content_version_id
    query = {"workflow_run": str(occurrence.workflow_run_id)}
    assert len(client.get(f"{API}/broadlogs/", query).json()["results"]) == 1
    assert client.post(f"{API}/broadlogs/", {}).status_code == 405


def pages_of(client: APIClient, **query: Any) -> list[list[int]]:
    answer = client.get(f"{API}/broadlogs/", {"page_size": 2, **query}).json()
    pages = [answer]
    while answer["next"]:
        answer = client.get(answer["next"]).json()
        pages.append(answer)
    return [[row["id"] for row in page["results"]] for page in pages]


def test_the_log_of_a_delivery_is_read_in_the_order_of_its_index(client: APIClient, now: datetime) -> None:
    make_recipients(5)
    delivery, _other = make_ready(now), make_ready(now)
    first, second, third, fourth, fifth = (row.pk for row in rows_of(delivery))
    Broadlog.objects.filter(pk=first).update(recipient=999_999)

    assert pages_of(client, delivery=delivery.pk) == [[second, third], [fourth, fifth], [first]]
    version = delivery.preparations.get().content_version_id
    assert pages_of(client, content_version=version) == [[second, third], [fourth, fifth], [first]]
    assert pages_of(client, recipient=999_999) == [[first]]


def test_every_address_of_a_proof_is_listed_though_it_is_nobody(client: APIClient, now: datetime) -> None:
    proof = send_proof(make_delivery(now), addresses=["a@b.org", "c@d.org", "e@f.org"], now=now)

    assert pages_of(client, delivery=proof.pk) == [[row.pk for row in rows_of(proof)][:2], [rows_of(proof)[2].pk]]


def test_a_page_of_broadlogs_costs_the_same_at_any_size(
    client: APIClient, now: datetime, django_assert_max_num_queries: Any
) -> None:
    delivery = make_ready(now, people=30)

    with django_assert_max_num_queries(2):
        assert len(client.get(f"{API}/broadlogs/", {"delivery": delivery.pk}).json()["results"]) == 30


def test_an_analysis_shows_its_exclusions_and_its_log(client: APIClient, now: datetime) -> None:
    make_recipient(1)
    make_recipient(2, denylist_email=True)
    delivery = make_ready(now)

    (document,) = client.get(f"{API}/preparations/", {"delivery": delivery.pk}).json()["results"]

    assert (document["state"], document["targeted"], document["ignored_counts"]) == ("ready", 2, {"denylisted": 1})
    assert document["log"][0].keys() == {"at", "level", "message"}


def test_a_series_counts_its_occurrences(client: APIClient, now: datetime) -> None:
    activity = make_activity("recurring_delivery", action="prepare")
    people = make_recipients(1)
    for week in range(2):
        run_once(activity, people, now=now + timedelta(days=7 * week))

    (document,) = client.get(f"{API}/delivery-series/").json()["results"]

    assert (document["occurrences"], document["last_occurrence"]) == (2, 2)
    found = client.get(f"{API}/deliveries/", {"series": document["id"], "occurrence": 2}).json()["results"]
    assert len(found) == 1


def test_a_typology_is_written_with_its_rules(client: APIClient) -> None:
    rules = [{"type": "subject_missing", "level": "error"}]

    made = client.post(f"{API}/typologies/", {"label": "Strict", "rules": rules})
    wrong = client.post(f"{API}/typologies/", {"label": "Wrong", "rules": [{"type": "astrology"}]})

    assert made.status_code == 201, made.json()
    assert [rule["type"] for rule in made.json()["rules"]] == ["subject_missing"]
    assert wrong.status_code == 400
    assert "astrology" in str(wrong.json()["fields"])


def test_a_local_template_is_edited_but_goes_only_with_its_activity(client: APIClient) -> None:
    activity = make_activity("recurring_delivery", action="prepare")
    local = DeliveryTemplate.objects.get(activity=activity)
    url = f"{API}/delivery-templates/{local.pk}/"

    assert client.patch(url, {"subject": "From now on"}).json()["subject"] == "From now on"
    assert client.delete(url).status_code == 409
    assert client.delete(f"{API}/delivery-templates/{make_template().pk}/").status_code == 204


def test_an_analysed_delivery_can_be_analysed_again_after_a_change(client: APIClient, now: datetime) -> None:
    delivery = make_ready(now)
    client.patch(f"{API}/deliveries/{delivery.pk}/", {"subject": "Something else"})
    delivery.refresh_from_db()

    analyse(delivery, now=now)

    assert client.post(f"{API}/deliveries/{delivery.pk}/confirm/").status_code == 200
