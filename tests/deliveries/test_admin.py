"""The pages of deliveries: what they show, what their buttons do, and what nobody can do there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deliveries.admin.panels import delivery_panels
from deliveries.models import Broadlog, Delivery, DeliverySeries, DeliveryTemplate, MessageStatus
from operations.models import Workflow, WorkflowState
from tests.deliveries.factories import make_activity, make_delivery, make_template, run_once
from tests.deliveries.rows import make_ready, make_started, record, rows_of, state_of
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
ADMIN = "/admin/deliveries"


@pytest.fixture
def now() -> datetime:
    """Pages read the clock: rows are made a little earlier."""
    return timezone.now() - timedelta(minutes=1)


def page(client: Client, path: str, **query: Any) -> str:
    answer = client.get(f"{ADMIN}/{path}", query)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def press(client: Client, delivery: Any, button: str, model: str = "delivery", **data: Any) -> str:
    answer = client.post(f"{ADMIN}/{model}/{delivery.pk}/do/{button}/", data, follow=True)
    return answer.content.decode()


def make_occurrence(now: datetime) -> Delivery:
    return run_once(make_activity("recurring_delivery", action="prepare"), make_recipients(2), now=now)


def test_the_page_of_a_delivery_shows_its_account_its_exclusions_and_why_it_waits(
    admin_client: Client, now: datetime
) -> None:
    make_recipient(8, denylist_email=True)
    make_recipient(9)
    delivery = make_ready(now)

    html = page(admin_client, f"delivery/{delivery.pk}/change/")

    assert "denylisted address: 1" in html.lower()
    assert 'data-code="confirmation_missing"' in html
    assert f"./diffusion delivery confirm {delivery.pk}" in html
    assert f"{ADMIN}/delivery/{delivery.pk}/logs/" in html
    assert "2 people targeted" in page(admin_client, f"delivery/{delivery.pk}/audit/")


def test_the_buttons_lead_a_delivery_through_its_life(admin_client: Client, now: datetime) -> None:
    delivery = make_ready(now)

    press(admin_client, delivery, "confirm")
    assert state_of(delivery) == "start_pending"
    press(admin_client, delivery, "pause")
    assert state_of(delivery) == "paused"
    press(admin_client, delivery, "resume")
    assert state_of(delivery) == "in_progress"
    press(admin_client, delivery, "stop")
    assert state_of(delivery) == "stopped"


def test_a_refused_button_says_in_which_state_the_delivery_is(admin_client: Client, now: datetime) -> None:
    delivery = make_delivery(now)

    assert "its state is “Being edited”" in press(admin_client, delivery, "pause")


def test_a_button_needs_its_permission(client: Client, now: datetime) -> None:
    delivery = make_started(now)
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(user)

    assert client.post(f"{ADMIN}/delivery/{delivery.pk}/do/stop/").status_code == 403
    assert f"/delivery/{delivery.pk}/do/stop/" not in page(client, f"delivery/{delivery.pk}/change/")
    assert state_of(delivery) == "in_progress"


def test_the_proof_button_of_an_occurrence_is_disabled_and_names_the_other_way(
    admin_client: Client, now: datetime
) -> None:
    occurrence = make_occurrence(now)

    html = page(admin_client, f"delivery/{occurrence.pk}/change/")

    button = html[html.index('name="proof"') :].split(">")[0]
    assert "disabled" in button
    assert "Use an e-mail delivery activity to send a proof" in html
    answer = press(admin_client, occurrence, "proof", addresses="boss@example.com")
    assert "No proof can be sent from a recurring delivery" in answer
    assert not Delivery.objects.filter(kind="proof").exists()


def test_the_proof_of_another_delivery_asks_for_addresses_then_sends(admin_client: Client, now: datetime) -> None:
    delivery = make_delivery(now)

    assert '<textarea name="addresses"' in press(admin_client, delivery, "proof")
    press(admin_client, delivery, "proof", addresses="boss@example.com\nada@example.com\n")

    proof = Delivery.objects.get(kind="proof")
    assert (proof.proof_of, len(rows_of(proof))) == (delivery, 2)
    assert proof.label in page(admin_client, f"delivery/{delivery.pk}/change/")


def test_stopping_an_occurrence_tells_that_the_series_goes_on(admin_client: Client, now: datetime) -> None:
    occurrence = make_occurrence(now)

    assert "Only this occurrence stops" in press(admin_client, occurrence, "stop")


def test_the_series_is_stopped_from_its_page_or_from_an_occurrence(admin_client: Client, now: datetime) -> None:
    occurrence = make_occurrence(now)
    series = DeliverySeries.objects.get()
    Workflow.objects.update(state=WorkflowState.STARTED)

    press(admin_client, series, "stop_series", model="deliveryseries")

    assert state_of(occurrence) == "stopped"
    assert Workflow.objects.get().state == WorkflowState.FINISHED


def test_the_page_of_a_series_shows_its_occurrences_and_previews_the_next_one(
    admin_client: Client, now: datetime
) -> None:
    occurrence = make_occurrence(now)
    series = DeliverySeries.objects.get()
    DeliveryTemplate.objects.filter(activity=series.activity).update(html="<p>Next, {{ recipient.first_name }}</p>")

    assert occurrence.label in page(admin_client, f"deliveryseries/{series.pk}/change/")
    preview = page(admin_client, f"deliveryseries/{series.pk}/preview/", recipient="person2@example.com")
    assert "Next, First2" in preview


def test_mail_content_is_shown_in_a_sandbox_under_its_own_policy(admin_client: Client, now: datetime) -> None:
    delivery = make_ready(now)
    url = f"{ADMIN}/delivery/{delivery.pk}/preview/"

    html = page(admin_client, f"delivery/{delivery.pk}/content/")
    assert f'sandbox name="preview" src="{url}?recipient={rows_of(delivery)[0].recipient_id}"' in html
    answer = admin_client.get(url, {"recipient": str(rows_of(delivery)[1].recipient_id)})
    assert "Hello First2" in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert admin_client.get(url, {"recipient": "nobody"}).status_code == 404


def test_a_recipient_whose_name_is_markup_changes_nothing_in_the_preview(admin_client: Client, now: datetime) -> None:
    person = make_recipient(1, first_name="<script>alert(1)</script>")
    delivery = make_delivery(now)

    html = page(admin_client, f"delivery/{delivery.pk}/preview/", recipient=person.pk)

    assert "<script>" not in html


def test_a_preview_that_cannot_be_made_says_why(admin_client: Client, now: datetime) -> None:
    make_recipient(1)
    delivery = make_delivery(now, html="<p>{{ recipient.first_name | nonsense }}</p>")

    assert "nonsense" in page(admin_client, f"delivery/{delivery.pk}/preview/")


def test_proofs_are_listed_when_asked_for(admin_client: Client, now: datetime) -> None:
    delivery = make_delivery(now)
    press(admin_client, delivery, "proof", addresses="boss@example.com")

    assert "Proof #1" not in page(admin_client, "delivery/")
    assert "Proof #1" in page(admin_client, "delivery/", kind="proof")
    assert "Proof #1" in page(admin_client, "delivery/", proof_of__id__exact=delivery.pk)


def test_deliveries_are_filtered_by_state(admin_client: Client, now: datetime) -> None:
    make_recipients(1)
    make_started(now, label="On its way")
    make_delivery(now, label="Still a draft")

    html = page(admin_client, "delivery/", state="in_progress")

    assert "On its way" in html
    assert "Still a draft" not in html


def test_the_list_costs_the_same_for_two_deliveries_and_for_twenty(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make_started(now, label=f"Number {number}")

    with django_assert_max_num_queries(15):
        assert page(admin_client, "delivery/").count("Number ") >= 20


def test_content_is_read_only_once_analysed_and_editable_once_taken_back(admin_client: Client, now: datetime) -> None:
    delivery = make_ready(now)
    url = f"delivery/{delivery.pk}/properties/"
    assert 'name="subject"' not in page(admin_client, url)
    assert 'name="affinity"' in page(admin_client, url)

    press(admin_client, delivery, "take_back")

    assert state_of(delivery) == "edited"
    assert 'name="subject"' in page(admin_client, url)


def _form_values(client: Client, path: str) -> dict[str, Any]:
    form = client.get(f"{ADMIN}/{path}").context["adminform"].form
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    values: dict[str, Any] = {}
    for name, value in initial.items():
        if isinstance(value, datetime):
            local = timezone.localtime(value)
            values |= {f"{name}_0": local.date().isoformat(), f"{name}_1": local.time().isoformat("seconds")}
        elif value is not None and value is not False:
            values[name] = getattr(value, "pk", value)
    return values


def test_a_draft_is_edited_in_its_form(admin_client: Client, now: datetime) -> None:
    delivery = make_delivery(now, target=None)
    url = f"delivery/{delivery.pk}/change/"
    form = f"delivery/{delivery.pk}/properties/"
    values = {**_form_values(admin_client, form), "subject": "Better", "target": '{"everyone": true}'}

    answer = admin_client.post(f"{ADMIN}/{url}", values)

    assert answer.status_code == 302, answer.context["errors"]
    delivery.refresh_from_db()
    assert (delivery.subject, delivery.target) == ("Better", {"everyone": True})


def test_a_wrong_target_is_an_error_of_the_form(admin_client: Client, now: datetime) -> None:
    delivery = make_delivery(now)
    url = f"delivery/{delivery.pk}/change/"
    form = f"delivery/{delivery.pk}/properties/"
    values = {**_form_values(admin_client, form), "target": '{"field": "shoe_size", "op": "equals", "value": 1}'}

    answer = admin_client.post(f"{ADMIN}/{url}", values)

    assert answer.status_code == 200
    assert "shoe_size" in answer.content.decode()


def test_a_delivery_is_added_from_a_template(admin_client: Client) -> None:
    template = make_template(subject="From the template")
    values = {"label": "New", "template": template.pk, "operation": "", "target": '{"everyone": true}'}

    answer = admin_client.post(f"{ADMIN}/delivery/add/", values)

    assert answer.status_code == 302, answer.context["errors"]
    made = Delivery.objects.get()
    assert (made.label, made.subject, made.target) == ("New", "From the template", {"everyone": True})


def test_nobody_deletes_a_delivery_or_writes_into_a_log(admin_client: Client, now: datetime) -> None:
    delivery = make_ready(now)
    (row, *_others) = rows_of(delivery)

    assert admin_client.post(f"{ADMIN}/delivery/{delivery.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{ADMIN}/broadlog/add/").status_code == 403
    admin_client.post(f"{ADMIN}/broadlog/{row.pk}/change/", {"status": 1})
    row.refresh_from_db()
    assert row.status == MessageStatus.PENDING


def test_the_log_of_one_delivery_is_the_tab_of_its_page_with_the_same_filters(
    admin_client: Client, now: datetime
) -> None:
    delivery = make_started(now)
    sent, *_others = rows_of(delivery)
    record([sent], MessageStatus.SENT, now)

    query = {"delivery__id__exact": str(delivery.pk), "status": "sent", "o": "3"}

    answer = admin_client.get(f"{ADMIN}/broadlog/", query)

    assert answer.headers["Location"] == f"{ADMIN}/delivery/{delivery.pk}/logs/?status=sent"
    rows = admin_client.get(answer.headers["Location"]).context["rows"]
    assert [row.message.pk for row in rows] == [sent.pk]


def test_the_log_of_all_deliveries_finds_one_person_and_keeps_its_order(admin_client: Client, now: datetime) -> None:
    first, second = make_started(now), make_started(now)
    person = rows_of(first)[1].recipient_id

    def shown(**query: Any) -> list[int]:
        answer = admin_client.get(f"{ADMIN}/broadlog/", query)
        return [row.pk for row in answer.context["cl"].result_list]

    assert shown(q=person) == [rows_of(second)[1].pk, rows_of(first)[1].pk]
    assert shown(q="anne@example.com") == []
    assert shown(o="4") == sorted(shown(), reverse=True)


def test_no_page_counts_the_log(admin_client: Client, now: datetime, django_assert_max_num_queries: Any) -> None:
    make_ready(now, people=120)

    with django_assert_max_num_queries(15) as captured:
        page(admin_client, "broadlog/")

    counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
    assert all("LIMIT 10000" in sql for sql in counts if "broadlog" in sql)


def test_a_row_whose_recipient_is_unknown_can_be_read(admin_client: Client, now: datetime) -> None:
    (row, *_others) = rows_of(make_ready(now))
    Broadlog.objects.filter(pk=row.pk).update(recipient=999_999)

    assert "999999" in page(admin_client, f"broadlog/{row.pk}/change/")


def test_an_analysis_can_be_read_with_its_log(admin_client: Client, now: datetime) -> None:
    delivery = make_ready(now)
    analysis = delivery.preparations.get()

    assert "people targeted" in page(admin_client, f"preparation/{analysis.pk}/change/")
    assert delivery.label in page(admin_client, "preparation/")


def test_a_french_reader_sees_in_french_what_an_english_process_found(admin_client: Client, now: datetime) -> None:
    make_recipient(8, denylist_email=True)
    make_recipient(9)
    delivery = make_ready(now, html="<p>Hello</p>")
    analysis = delivery.preparations.get()
    assert analysis.log.filter(message__contains="2 people targeted").exists()
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"

    for path in (f"delivery/{delivery.pk}/audit/", f"preparation/{analysis.pk}/change/"):
        html = page(admin_client, path).replace("\N{NO-BREAK SPACE}", " ")
        assert "2 personnes ciblées" in html
        assert "Ignorés, Adresse placée sur la liste bloquée : 1." in html
        assert "lien de désinscription" in html
        assert "people targeted" not in html


def test_a_typology_is_edited_with_its_rules(admin_client: Client) -> None:
    html = page(admin_client, "typology/add/")

    assert '<option value="subject_missing">' in html


@pytest.mark.parametrize("model", ["deliverytemplate", "deliveryseries", "affinity", "typology", "preparation"])
def test_every_list_opens(admin_client: Client, now: datetime, model: str) -> None:
    make_occurrence(now)

    page(admin_client, f"{model}/")


def test_the_page_of_an_operation_shows_its_deliveries_and_series(admin_client: Client, now: datetime) -> None:
    occurrence = make_occurrence(now)

    answer = admin_client.get(f"/admin/operations/operation/{occurrence.operation_id}/change/")

    html = answer.content.decode()
    assert f"{ADMIN}/delivery/{occurrence.pk}/change/" in html
    assert f"{ADMIN}/deliveryseries/{occurrence.series_id}/change/" in html
    assert occurrence.label in page(admin_client, "delivery/", operation__id__exact=occurrence.operation_id)


def test_apps_downstream_add_their_panels(admin_client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = make_delivery(now)
    monkeypatch.setitem(delivery_panels._entries, "test", lambda request, row: f"panel of {row.pk}")

    assert f"panel of {delivery.pk}" in page(admin_client, f"delivery/{delivery.pk}/change/")
