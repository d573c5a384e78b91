"""The skin on every page of the admin: nothing inline, few queries, light pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign_site.demo.story import tell_story
from common.badges import badge, register
from common.states import SlugChoices
from common.template_tags import bar_parts, parted, progress
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from installation.models import Process
from installation.templatetags.processes import health_of
from operations.models import Operation
from tests.catalogue import ROOT
from tests.deliveries.factories import make_activity, run_once
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db

INLINE = {
    "a style element": re.compile(r"<style", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle=", re.I),
    "a handler": re.compile(r"<[^>]*\son[a-z]+=", re.I),
    "a script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.I),
}
MOST_QUERIES = 15
MOST_BYTES = 200_000
MOST_CSS = 120_000
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def story(now: datetime) -> None:
    tell_story(now=now)
    run_once(make_activity("recurring_delivery"), make_recipients(3), now=now)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_every_list_and_form_obeys_the_content_policy_and_stays_light(
    model: type[Model], admin_client: Client, story: None
) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.first()
    pages = {
        reverse(f"{name}_changelist"): 200,
        reverse(f"{name}_changelist") + "?q=zzz": 200,
        reverse(f"{name}_add"): 0,
    }
    if row is not None:
        pages[reverse(f"{name}_change", args=[row.pk])] = 200

    for path, expected in pages.items():
        page = admin_client.get(path, follow=True)
        html = page.content.decode()
        # Rows that programs write have no page to add one.
        assert page.status_code in ({expected} if expected else {200, 403}), path
        assert [fault for fault, pattern in INLINE.items() if pattern.search(html)] == [], path
        assert len(page.content) <= MOST_BYTES, path


def _recipients(number: int, now: datetime) -> None:
    make_recipients(number)


def _operations(number: int, now: datetime) -> None:
    Operation.objects.bulk_create(
        Operation(label=f"Autumn {place}", internal_name=f"autumn{place}") for place in range(number)
    )


def _deliveries(number: int, now: datetime) -> None:
    delivery = run_once(make_activity("recurring_delivery"), make_recipients(1), now=now)
    one_off = {"kind": DeliveryKind.ONE_OFF, "operation": delivery.operation, "channel": delivery.channel}
    Delivery.objects.bulk_create(Delivery(label=f"Autumn {place}", **one_off) for place in range(number - 1))


LISTS: dict[str, Callable[[int, datetime], None]] = {
    "recipients_recipient": _recipients,
    "operations_operation": _operations,
    "deliveries_delivery": _deliveries,
}


@pytest.mark.parametrize("rows", [3, 60])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_few_queries_whatever_its_rows(name: str, rows: int, admin_client: Client, now: datetime) -> None:
    LISTS[name](rows, now)
    address = reverse(f"admin:{name}_changelist")
    admin_client.get(address)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = admin_client.get(address)

    assert page.status_code == 200
    assert len(queries) <= MOST_QUERIES, "\n".join(query["sql"][:150] for query in queries)
    assert len(page.content) <= MOST_BYTES


def test_the_style_sheets_together_are_small() -> None:
    sheets = (ROOT / "campaign_site" / "static" / "campaign_site" / "css").glob("*.css")

    assert sum(sheet.stat().st_size for sheet in sheets) <= MOST_CSS


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (ROOT / "campaign_site" / "static" / "campaign_site" / "icons.svg").read_text(encoding="utf-8")
    known = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    templates = [path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")]
    named = {name for text in templates for name in re.findall(r'\{% icon "([\w-]+)"', text)}

    assert named - known == set()


def _sidebar(client: Client, address: str) -> list[tuple[str, bool, str]]:
    """Label, whether it is the current one, and figure of each entry."""
    found = re.search(r'<nav class="nav".*?</nav>', client.get(address).content.decode(), re.S)
    assert found
    links = re.findall(r"<a (.*?)</a>", found[0], re.S)
    texts = [re.sub(r"<[^>]+>", " ", link.split(">", 1)[1]).split() for link in links]
    return [(text[0], "aria-current" in link, " ".join(text[1:])) for link, text in zip(links, texts, strict=True)]


def test_the_sidebar_shows_its_sections_in_order_and_marks_the_current_one(admin_client: Client) -> None:
    entries = _sidebar(admin_client, reverse("admin:deliveries_typology_changelist"))

    labels = [label for label, _is_current, _figure in entries]
    assert labels[:5] == ["Home", "Operations", "Deliveries", "Templates", "Recipients"]
    assert labels[-1] == "Administration"
    assert [label for label, is_current, _figure in entries if is_current] == ["Templates"]


def test_the_sidebar_counts_what_runs_and_what_needs_somebody(admin_client: Client, story: None) -> None:
    Delivery.objects.update(state=DeliveryState.START_PENDING)

    assert ("Deliveries", False, "1") in _sidebar(admin_client, reverse("section", args=["templates"]))


def test_every_table_is_reached_from_a_section_or_a_list(admin_client: Client) -> None:
    codes = ["operations", "deliveries", "templates", "recipients", "administration"]
    pages = [admin_client.get(reverse("section", args=[code])).content.decode() for code in codes]

    for model in MODELS:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert any(f'href="{address}"' in page for page in pages), address


def test_somebody_who_may_only_see_recipients_sees_no_other_section(client: Client) -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_recipient"))
    client.force_login(reader)

    entries = _sidebar(client, reverse("section", args=["recipients"]))

    assert [label for label, _is_current, _figure in entries] == ["Home", "Recipients", "Administration"]
    assert client.get(reverse("section", args=["templates"])).status_code == 404


def test_the_line_of_processes_names_what_is_missing(now: datetime) -> None:
    long_ago = now - timedelta(hours=1)
    rows = [
        ("web", "a", "web", now),
        ("worker", "a", "w1", now),
        ("beat", "a", "beat", long_ago),
        ("beat", "a", "beat", now),
    ]

    health = health_of([*rows, ("worker", "a", "w2", long_ago)], now=now)

    assert (health.alive, health.total) == (3, 5)
    assert health.missing == [str(Process.Kind.WORKER.label), str(Process.Kind.MTA.label)]


def test_filters_in_use_are_named_and_can_be_taken_away(admin_client: Client) -> None:
    address = reverse("admin:auth_user_changelist")

    html = admin_client.get(f"{address}?is_staff__exact=1").content.decode()

    assert re.search(r'<a class="chip on" href="\?">', html)


def test_states_of_two_classes_with_one_number_look_as_each_was_registered() -> None:
    class First(SlugChoices):
        ONE = 990, "one"

    class Second(SlugChoices):
        ONE = 990, "one"

    register({First.ONE: ("ok", "check")})
    register({Second.ONE: ("bad", "x")})

    assert (badge(First.ONE).tone, badge(Second.ONE).tone) == ("ok", "bad")


def test_a_bar_shows_its_smallest_part_and_never_more_than_everything() -> None:
    assert bar_parts(1_000_000, [("ok", 999_999), ("bad", 1)]) == [("ok", "0.00", "100.00"), ("bad", "100.00", "0.00")]
    assert bar_parts(1_000_000, [("ok", 500_000), ("bad", 1)])[1] == ("bad", "50.00", "0.35")
    assert bar_parts(0, [("ok", 0)]) == []
    assert 'aria-label="50.0% processed' in progress(10, ok=5)


def test_three_buttons_are_shown_and_the_primary_one_comes_last() -> None:
    names = ["prepare", "send", "proof", "export"]
    actions = [{"name": name, "is_primary": name == "prepare", "in_menu": name == "proof"} for name in names]

    parts = parted(actions)

    assert [action["name"] for action in parts["shown"]] == ["send", "export", "prepare"]
    assert [action["name"] for action in parts["hidden"]] == ["proof"]
