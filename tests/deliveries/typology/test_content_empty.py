"""A message needs a body."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


def test_no_body_at_all_is_a_fault(now: datetime) -> None:
    assert faults("content_empty", now, html=" ", text="\n") == [
        "The content is empty: write an HTML or a text version."
    ]


@pytest.mark.parametrize(("html", "text"), [("<p>Hello</p>", ""), ("", "Hello")])
def test_one_version_is_enough(now: datetime, html: str, text: str) -> None:
    assert faults("content_empty", now, html=html, text=text) == []
