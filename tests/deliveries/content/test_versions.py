"""Freezing: one version per content, numbered, with its links; and previews, which leave no trace."""

from __future__ import annotations

import pytest

from deliveries.content.preview import preview
from deliveries.content.versions import content_hash, freeze
from deliveries.models import ContentVersion, Delivery, TrackedUrl
from tests.deliveries.content.factories import make_delivery
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db


def test_the_same_content_is_frozen_once_and_another_one_gets_the_next_number() -> None:
    delivery = make_delivery()

    first = freeze(delivery)
    again = freeze(delivery)
    delivery.subject = "Another"
    delivery.save()
    second = freeze(delivery)
    back = Delivery.objects.get(pk=delivery.pk)
    back.subject = first.subject

    assert again == first and (first.number, second.number) == (1, 2)
    assert freeze(back) == first


def test_a_version_keeps_its_links() -> None:
    version = freeze(make_delivery())

    links = TrackedUrl.objects.filter(content_version=version).order_by("number").values_list("number", "url", "kind")
    assert list(links) == [
        (1, "https://shop.example.com/offer?a=1&b=2", "click"),
        (2, "{{ message.unsubscribe_url }}", "unsubscribe"),
    ]


def test_the_hash_changes_with_every_content_field_and_nothing_else() -> None:
    delivery = make_delivery()
    before = content_hash(delivery)

    delivery.label = "Other"
    assert content_hash(delivery) == before
    for name in Delivery.CONTENT_FIELDS:
        changed = make_delivery(**{name: False if name == "tracking_enabled" else "changed"})
        assert content_hash(changed) != before, name


def test_a_preview_shows_the_message_of_a_person_and_writes_nothing() -> None:
    delivery = make_delivery()
    recipient = make_recipient(first_name="<Zoé>")

    shown = preview(delivery, recipient, "Birthday – 6 October")

    assert shown.subject == "Happy birthday <Zoé>"
    assert "&lt;Zoé&gt;" in shown.html and "https://shop.example.com/offer?a=1&amp;b=2" in shown.html
    assert "Bonjour <Zoé>" in shown.text
    assert not ContentVersion.objects.exists()
