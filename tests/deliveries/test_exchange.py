"""A delivery activity in an export."""

from __future__ import annotations

import pytest

from deliveries.models import Affinity, DeliveryTemplate, Route
from operations.models import Activity
from operations.workflow.config import InvalidConfig
from operations.workflow.registry import get_type
from recipients.models import Service
from tests.deliveries.factories import make_activity, make_template

pytestmark = pytest.mark.django_db


def make_exported() -> tuple[Activity, dict[str, object]]:
    service = Service.objects.create(label="News", internal_name="news")
    affinity = Affinity.objects.create(name="bulk")
    source = make_template(internal_name="birthday", service=service, affinity=affinity)
    activity = make_activity("recurring_delivery", template=source.pk, label="Cake")
    DeliveryTemplate.objects.filter(activity=activity).update(subject="Edited here")
    return activity, get_type("recurring_delivery").exported(activity)


def test_an_export_names_rows_and_holds_the_content() -> None:
    _activity, exported = make_exported()

    assert (exported["template"], exported["label"], exported["action"]) == ("birthday", "Cake", "prepare_and_start")
    content = exported["content"]
    assert isinstance(content, dict)
    assert (content["subject"], content["service"], content["affinity"]) == ("Edited here", "news", "bulk")


def test_an_import_finds_the_rows_and_puts_the_content_back() -> None:
    activity, exported = make_exported()
    kind = get_type("recurring_delivery")
    DeliveryTemplate.objects.filter(activity=activity).update(subject="Lost", service=None)

    assert kind.imported(exported) == activity.config
    kind.restored(activity, exported)

    local = DeliveryTemplate.objects.get(activity=activity)
    assert (local.subject, local.service) == ("Edited here", Service.objects.get())


def test_a_template_that_is_not_here_is_named() -> None:
    _activity, exported = make_exported()

    with pytest.raises(InvalidConfig, match="no delivery template easter"):
        get_type("recurring_delivery").imported({**exported, "template": "easter"})


def test_a_row_that_is_not_here_is_named() -> None:
    activity, exported = make_exported()
    Route.objects.create(label="Relay", internal_name="relay")

    with pytest.raises(InvalidConfig, match="route: there is no lost-relay here"):
        get_type("recurring_delivery").restored(activity, {**exported, "content": {"route": "lost-relay"}})
