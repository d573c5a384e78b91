"""Local templates."""

from __future__ import annotations

import pytest

from deliveries.models import DeliveryTemplate
from deliveries.templates import COPIED_FIELDS, set_local_template
from operations.models import Activity, Workflow
from recipients.models import Service
from tests.deliveries.factories import make_template

pytestmark = pytest.mark.django_db


def make_owner() -> Activity:
    workflow = Workflow.objects.create(label="Every week")
    return Activity.objects.create(workflow=workflow, name="deliver", type="recurring_delivery")


def test_a_local_template_copies_every_field_of_its_source() -> None:
    service = Service.objects.create(label="News")
    source = make_template(reply_to="re@example.com", validity_days=3, service=service, keep_ignored=False)

    local = set_local_template(make_owner(), source.pk)

    assert local.source == source
    assert {name: getattr(local, name) for name in COPIED_FIELDS} == {
        name: getattr(source, name) for name in COPIED_FIELDS
    }


def test_an_activity_has_one_local_template() -> None:
    activity = make_owner()
    first = set_local_template(activity, make_template().pk)

    second = set_local_template(activity, make_template(subject="Another").pk)

    assert (first.pk, second.subject) == (second.pk, "Another")


def test_a_changed_source_does_not_change_its_copies() -> None:
    source = make_template()
    local = set_local_template(make_owner(), source.pk)
    DeliveryTemplate.objects.filter(pk=source.pk).update(subject="Edited")

    local.refresh_from_db()

    assert local.subject == "Happy birthday {{ recipient.first_name }}"
