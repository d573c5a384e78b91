"""The unsubscription link."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


LINK = "{{ message.unsubscribe_url }}"


def test_each_version_without_the_link_is_a_fault(now: datetime) -> None:
    found = faults("unsubscribe_link", now, html="<p>Hello</p>", text="Hello")

    assert [sentence.split(" content")[0] for sentence in found] == ["The HTML", "The text"]


@pytest.mark.parametrize("link", [LINK, "{{message.unsubscribe_url}}", "{{- message.unsubscribe_url -}}"])
def test_the_link_may_be_written_in_several_ways(now: datetime, link: str) -> None:
    assert faults("unsubscribe_link", now, html=f'<a href="{link}">Bye</a>', text=f"Bye: {link}") == []


def test_an_absent_version_needs_no_link(now: datetime) -> None:
    assert faults("unsubscribe_link", now, html="", text=LINK) == []
