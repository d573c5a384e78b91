from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from deliveries.inbound.rule_table import install_default_rules
from deliveries.models import BounceRule, MailKind

pytestmark = pytest.mark.django_db
LIST = reverse("admin:deliveries_bouncerule_changelist")
TRY = reverse("admin:deliveries_bouncerule_try")


@pytest.fixture(autouse=True)
def installed() -> None:
    install_default_rules()


def form(**values: object) -> dict[str, object]:
    return {
        "name": "Ours",
        "priority": 100,
        "looks_at": "diagnostic",
        "pattern": "xyzzy",
        "kind": MailKind.BOUNCE,
        "failure_type": "",
        "failure_reason": "",
        "enabled": "on",
        **values,
    }


def test_the_list_shows_our_rules_in_the_order_in_which_they_count(admin_client: Client) -> None:
    page = admin_client.get(LIST)

    assert page.status_code == 200
    text = page.content.decode()
    assert text.index("Sender on a block list") < text.index("User unknown, in a sentence")


def test_the_list_needs_few_queries(admin_client: Client, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        admin_client.get(LIST)


def test_a_rule_is_added_by_hand(admin_client: Client) -> None:
    admin_client.post(reverse("admin:deliveries_bouncerule_add"), form())

    assert BounceRule.objects.get(name="Ours").built_in is False


def test_a_pattern_that_cannot_be_used_is_refused_on_the_page(admin_client: Client) -> None:
    page = admin_client.post(reverse("admin:deliveries_bouncerule_add"), form(pattern="("))

    assert "This is no regular expression" in page.content.decode()
    assert not BounceRule.objects.filter(name="Ours").exists()


def test_one_of_ours_that_somebody_changed_is_kept_as_it_is(admin_client: Client) -> None:
    row = BounceRule.objects.filter(built_in=True).first()
    assert row is not None
    address = reverse("admin:deliveries_bouncerule_change", args=[row.pk])

    admin_client.post(address, form(pattern="mine"))
    install_default_rules()

    row.refresh_from_db()
    assert (row.pattern, row.changed) == ("mine", True)


def test_switching_one_of_ours_off_does_not_count_as_a_change(admin_client: Client) -> None:
    row = BounceRule.objects.filter(built_in=True).first()
    assert row is not None
    values = form(priority=row.priority, looks_at=row.looks_at, pattern=row.pattern, kind=row.kind)
    values |= {"failure_type": row.failure_type, "failure_reason": row.failure_reason}
    del values["enabled"]

    admin_client.post(reverse("admin:deliveries_bouncerule_change", args=[row.pk]), values)

    row.refresh_from_db()
    assert (row.enabled, row.changed) == (False, False)


def test_ours_are_not_deleted_and_those_of_people_are(admin_client: Client) -> None:
    ours = BounceRule.objects.filter(built_in=True).first()
    theirs = BounceRule.objects.create(name="Theirs", pattern="x")
    assert ours is not None

    answers = [
        admin_client.post(reverse("admin:deliveries_bouncerule_delete", args=[row.pk]), {"post": "yes"}).status_code
        for row in (ours, theirs)
    ]

    assert answers == [403, 302]


def test_a_text_is_tried_and_the_page_names_the_rule(admin_client: Client) -> None:
    page = admin_client.post(TRY, {"text": "550 relaying denied <script>"})

    text = page.content.decode()
    assert "Relaying denied" in text and "Ignored · Refused" in text
    assert "<script>" not in text.split("Diagnostic text")[1]


def test_a_text_that_means_nothing_concerns_nobody(admin_client: Client) -> None:
    page = admin_client.post(TRY, {"text": "From: bob@company.example\nSubject: Hello\n\nHow are you?\n"})

    assert "No address is concerned" in page.content.decode()


def test_trying_needs_the_right_to_see_the_rules(client: Client, django_user_model: object) -> None:
    somebody = django_user_model.objects.create_user("somebody", is_staff=True)  # type: ignore[attr-defined]
    client.force_login(somebody)

    assert client.get(TRY).status_code == 403
