"""D32: one complaint of a thousand raises an alarm, three pause the delivery, of all it sent or at one provider."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deliveries.inbound.applying import apply_mails
from deliveries.models import Broadlog, Delivery, DeliveryState, MessageStatus
from deliveries.models.inbound import InboundMail
from operations.sweeps import PERIODIC
from operations.tasks import sweep_slowly
from tests.deliveries.inbound.mails import bounce, complaint, mails
from tests.deliveries.mta.factories import make_sending

pytestmark = pytest.mark.django_db(transaction=True)
GMAIL, ORANGE, OWN = "gmail.com", "orange.fr", "shop.example"


@pytest.fixture
def operator() -> User:
    user = User.objects.create_user("operator", "operator@example.com")
    user.user_permissions.add(Permission.objects.get(codename="start_delivery"))
    return user


def half_sent(sent: int, *domains: str, pending: int = 50) -> Delivery:
    """A delivery at work: `sent` messages have left, to the domains in turn, the others wait."""
    delivery = make_sending(sent + pending, channel="email", started_at=timezone.now() - timedelta(hours=1))
    rows = Broadlog.objects.filter(delivery=delivery)
    first = rows.earliest("pk").pk
    for place, domain in enumerate(domains):
        address = Concat(Value("person"), Cast("pk", CharField()), Value(f"@{domain}"))
        rows.annotate(place=(F("pk") - first) % len(domains)).filter(place=place).update(address=address)
    rows.filter(pk__lt=first + sent).update(status=MessageStatus.SENT)
    Delivery.objects.filter(pk=delivery.pk).update(sent=sent, pending=pending)
    delivery.refresh_from_db()
    return delivery


def complain(delivery: Delivery, number: int, domain: str = "", *, now: datetime | None = None) -> None:
    """So many recipients more complain; the mails are read as they come in."""
    heard = InboundMail.objects.count()
    quiet = Broadlog.objects.filter(
        delivery=delivery, status=MessageStatus.SENT, address__endswith=f"@{domain}" * bool(domain)
    )
    rows = quiet.exclude(pk__in=InboundMail.objects.values("broadlog_id")).order_by("pk")[:number]
    apply_mails(mails(*map(complaint, rows), prefix=f"heard-{heard}"), now=now or timezone.now())


def after_the_sweep(delivery: Delivery) -> tuple[str, list[tuple[str, str]]]:
    """The delivery's state, and what its log says of complaints."""
    sweep_slowly()
    delivery.refresh_from_db()
    lines = delivery.preparations.get().log.filter(message__contains="have complained").order_by("pk")
    return DeliveryState(delivery.state).slug, [(line.level, line.message) for line in lines]


def test_d32_a_complaint_of_a_thousand_is_told_once_and_pauses_nothing(operator: User) -> None:
    delivery = half_sent(2000, OWN)
    complain(delivery, 1)
    assert after_the_sweep(delivery) == ("in_progress", [])

    complain(delivery, 1)
    state, lines = after_the_sweep(delivery)
    after_the_sweep(delivery)

    # As a whole, and at its only receiver.
    assert state == "in_progress" and [level for level, _text in lines] == ["warning"] * 2
    assert "2 of 2000 recipients at all receivers" in lines[0][1] and OWN in lines[1][1]
    assert {tuple(each.to) for each in mail.outbox} == {("operator@example.com",)} and len(mail.outbox) == 2
    assert f"/{delivery.pk}/" in mail.outbox[0].body


def test_d32_three_of_a_thousand_pause_it_and_it_may_be_resumed() -> None:
    delivery = half_sent(1000, OWN)
    complain(delivery, 3)

    state, lines = after_the_sweep(delivery)

    assert state == "paused"
    assert lines[0][0] == "error" and "3 of 1000" in lines[0][1] and "resumed" in lines[0][1]
    # Somebody has looked and goes on: the same complaints pause it no more.
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.IN_PROGRESS)
    assert after_the_sweep(delivery) == ("in_progress", lines)


def test_d32_the_home_page_says_so_until_it_is_resumed(admin_client: Client) -> None:
    delivery = half_sent(1000, OWN)
    complain(delivery, 3)
    title = f"“{delivery.label}” is paused: too many complaints"
    assert title not in admin_client.get(reverse("admin:index")).content.decode()

    after_the_sweep(delivery)
    page = admin_client.get(reverse("admin:index")).content.decode()
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.IN_PROGRESS)

    assert title in page and "3 of 1000 recipients" in page
    assert title not in admin_client.get(reverse("admin:index")).content.decode()


def test_d32_so_does_the_page_of_the_delivery(admin_client: Client) -> None:
    delivery = half_sent(1000, OWN)
    complain(delivery, 3)
    address = reverse("admin:deliveries_delivery_change", args=[delivery.pk])
    assert "Too many complaints" not in admin_client.get(address).content.decode()

    after_the_sweep(delivery)
    page = admin_client.get(address).content.decode()
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.IN_PROGRESS)

    assert "Too many complaints" in page and "3 of 1000 recipients" in page
    assert "Too many complaints" not in admin_client.get(address).content.decode()


def test_d32_one_provider_is_enough_when_the_whole_is_well() -> None:
    # 1,000 to Google under two names, 3,000 elsewhere.
    delivery = half_sent(4000, GMAIL, OWN, "googlemail.com", ORANGE, OWN, ORANGE, OWN, ORANGE)
    complain(delivery, 2, GMAIL)
    complain(delivery, 1, "googlemail.com")

    state, lines = after_the_sweep(delivery)

    assert state == "paused"
    assert len(lines) == 1 and "3 of 1000 recipients at Google" in lines[0][1]


def test_d32_of_fewer_than_a_thousand_a_share_says_nothing() -> None:
    delivery = half_sent(999, OWN)
    complain(delivery, 20)

    assert after_the_sweep(delivery) == ("in_progress", [])


def test_d32_bounces_praise_and_the_same_complaint_twice_do_not_count() -> None:
    delivery = half_sent(1004, OWN)
    rows = list(Broadlog.objects.filter(delivery=delivery, status=MessageStatus.SENT).order_by("pk")[:8])
    praised = [complaint(row, "not-spam") for row in rows[:4]]
    apply_mails(mails(*praised, *map(bounce, rows[4:8]), prefix="other"), now=timezone.now())
    assert after_the_sweep(delivery) == ("in_progress", [])

    again = [complaint(rows[0]) for _ in range(4)]
    apply_mails(mails(*again, prefix="again"), now=timezone.now())

    state, lines = after_the_sweep(delivery)
    assert state == "in_progress" and {level for level, _text in lines} == {"warning"}


def test_d32_a_delivery_that_is_over_can_only_be_told_of(operator: User) -> None:
    delivery = half_sent(1000, OWN)
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.FINISHED)
    complain(delivery, 5)

    state, lines = after_the_sweep(delivery)

    assert state == "finished" and "nothing left to pause" in lines[0][1]
    assert mail.outbox


def test_d32_the_sweep_comes_every_minute() -> None:
    assert PERIODIC["sweep: figures"] == {"task": "operations.sweep_slowly", "every": 60, "expires": 60}
