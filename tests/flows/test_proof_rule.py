"""No proof comes from a recurring delivery, whichever way it is asked for; from anything else it does, to the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from deliveries import ledger
from deliveries.creation import create_delivery
from deliveries.lifecycle import start_due_deliveries
from deliveries.models import Broadlog, Delivery, DeliveryKind, DeliverySeries, DeliveryState, DeliveryTemplate
from deliveries.proofs import ProofNotAllowed, send_proof
from operations.models import Activity
from recipients.filters import FilterContext, select
from tests.conftest import PARIS
from tests.deliveries.factories import make_template
from tests.factories import make_recipient, make_recipients
from tests.flows.series import HTML, pump, scheduler, send, start_line
from tests.operations.factories import EVERYONE, activity

pytestmark = pytest.mark.django_db
ADMIN, API = "/admin/deliveries", "/api/v1"
TO_THE_BOSS = {"addresses": ["boss@example.com"]}
REASON = "No proof can be sent from a recurring delivery"
OTHER_WAY = "Use an e-mail delivery activity to send a proof"


@pytest.fixture
def now() -> datetime:
    """Pages and commands read the clock: rows are made a little earlier."""
    return timezone.now() - timedelta(minutes=1)


@dataclass(frozen=True)
class Series:
    """What a marketer may try to send a proof from."""

    activity: Activity
    template: DeliveryTemplate
    occurrence: Delivery

    def targets(self) -> list[Any]:
        return [self.activity, self.template, self.occurrence]

    def paths(self) -> list[str]:
        return [
            f"activities/{self.activity.pk}",
            f"delivery-templates/{self.template.pk}",
            f"deliveries/{self.occurrence.pk}",
        ]


@pytest.fixture
def series(now: datetime) -> Series:
    """One that has run once, and whose first occurrence is ready to be confirmed."""
    make_recipients(2)
    workflow = start_line(
        scheduler("* * * * *"),
        activity("who", "query", filter=EVERYONE),
        activity("mail", "recurring_delivery", template=make_template(html=HTML).pk, action="prepare"),
        now=now.replace(second=0, microsecond=0),
    )
    pump(workflow, now.replace(second=0, microsecond=0))
    mail = Activity.objects.get(workflow=workflow, name="mail")
    return Series(mail, DeliveryTemplate.objects.get(activity=mail), Delivery.objects.get())


@pytest.fixture(autouse=True)
def _no_proof_is_left(request: pytest.FixtureRequest) -> Any:
    yield
    if "series" in request.fixturenames:
        assert not Delivery.objects.filter(kind=DeliveryKind.PROOF).exists()


def test_the_model_refuses_it(series: Series) -> None:
    with pytest.raises(ValidationError) as refused:
        Delivery(label="Proof", kind=DeliveryKind.PROOF, proof_of=series.occurrence).full_clean()

    assert OTHER_WAY in " ".join(refused.value.message_dict["proof_of"])


def test_the_database_refuses_it(series: Series) -> None:
    with pytest.raises(IntegrityError, match="delivery_no_proof_of_recurring"), transaction.atomic():
        Delivery.objects.create(label="P", kind="proof", proof_of=series.occurrence, proof_of_kind="recurring")


def test_the_service_refuses_it(series: Series, now: datetime) -> None:
    for of in series.targets():
        with pytest.raises(ProofNotAllowed, match=REASON):
            send_proof(of, now=now, addresses=["boss@example.com"])


@pytest.mark.parametrize("model", ["delivery", "deliverytemplate"])
def test_the_button_is_disabled_with_the_reason_and_the_other_way(
    series: Series, admin_client: Client, model: str
) -> None:
    row = series.occurrence if model == "delivery" else series.template

    html = admin_client.get(f"{ADMIN}/{model}/{row.pk}/change/").content.decode()

    button = html[html.index('name="proof"') :].split(">")[0]
    assert "disabled" in button
    assert REASON in html
    assert OTHER_WAY in html


@pytest.mark.parametrize("model", ["delivery", "deliverytemplate"])
def test_a_post_past_the_disabled_button_answers_the_validation_error(
    series: Series, admin_client: Client, model: str
) -> None:
    row = series.occurrence if model == "delivery" else series.template

    answer = admin_client.post(f"{ADMIN}/{model}/{row.pk}/do/proof/", {"addresses": "boss@example.com"}, follow=True)

    assert REASON in answer.content.decode()


def test_the_series_offers_the_next_occurrence_on_screen_instead(series: Series, admin_client: Client) -> None:
    number = DeliverySeries.objects.get().pk

    page = admin_client.get(f"{ADMIN}/deliveryseries/{number}/preview/")

    assert page.status_code == 200
    shown = admin_client.get(f"{ADMIN}/deliveryseries/{number}/change/").content.decode()
    assert 'name="proof" class="button" aria-disabled="true"' in shown
    to_the_boss = {"addresses": "boss@example.com"}
    answer = admin_client.post(f"{ADMIN}/deliveryseries/{number}/do/proof/", to_the_boss, follow=True)
    assert REASON in answer.content.decode()
    assert not Delivery.objects.filter(kind=DeliveryKind.PROOF).exists()


def test_the_api_refuses_it(series: Series, admin_user: User) -> None:
    client = APIClient()
    client.force_authenticate(admin_user)

    for path in series.paths():
        answer = client.post(f"{API}/{path}/proof/", TO_THE_BOSS)
        assert (answer.status_code, answer.json()["code"]) == (400, "proof_not_allowed_for_recurring"), path
        assert OTHER_WAY in answer.json()["detail"]


def test_the_command_refuses_it_in_one_line(series: Series) -> None:
    with pytest.raises(CommandError, match=REASON) as refused:
        call_command("delivery", "proof", str(series.occurrence.pk), "--to", "boss@example.com")

    assert refused.value.returncode == 1
    assert "\n" not in str(refused.value)


def test_another_delivery_has_proofs_from_the_api_to_their_end(admin_user: User, now: datetime) -> None:
    person = make_recipient()
    delivery = create_delivery(template=make_template(html=HTML), now=now, target=EVERYONE)
    client = APIClient()
    client.force_authenticate(admin_user)

    made = [client.post(f"{API}/deliveries/{delivery.pk}/proof/", {"recipients": [person.pk]}) for _time in range(2)]

    assert [answer.status_code for answer in made] == [201, 201]
    proofs = list(Delivery.objects.filter(kind=DeliveryKind.PROOF).order_by("pk"))
    assert [(proof.proof_of, proof.proof_number) for proof in proofs] == [(delivery, 1), (delivery, 2)]
    assert [proof.subject for proof in proofs] == [f"Proof #{n} {delivery.subject}" for n in (1, 2)]
    start_due_deliveries(timezone.now())
    for proof in proofs:
        send(proof, timezone.now())
    assert {(proof.state, proof.sent) for proof in proofs} == {(DeliveryState.FINISHED, 1)}
    assert ledger.check().ok
    check_excluded_from_statistics(client, delivery, now)


def check_excluded_from_statistics(client: APIClient, delivery: Delivery, now: datetime) -> None:
    delivery.refresh_from_db()
    assert (delivery.state, delivery.targeted) == (DeliveryState.EDITED, 0)
    listed = client.get(f"{API}/deliveries/", {"kind": "one_off"}).json()["results"]
    assert [document["id"] for document in listed] == [delivery.pk]
    assert Broadlog.objects.filter(delivery__kind=DeliveryKind.PROOF).count() == 2
    # Who got a proof has received nothing, as far as filters and reports are concerned.
    context = FilterContext(instant=now + timedelta(days=1), zone=PARIS)
    assert not select({"delivery": "received"}, context).exists()
