"""D19: the size of the HTML after its links are rewritten."""

from __future__ import annotations

from datetime import datetime

import pytest
from pytest_django import Settings

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("size", "told"), [(99_000, False), (101_000, True), (103_000, True)])
def test_d19_what_gmail_would_cut_is_told(now: datetime, size: int, told: bool) -> None:
    found = faults("content_size", now, html="x" * size, text="x", tracking_enabled=False)

    assert bool(found) == told


def test_d19_links_count_as_they_will_leave(now: datetime, settings: Settings) -> None:
    settings.TRACKING_BASE_URL = f"https://{'t' * 60}.example.com"
    html = '<a href="https://a.example/">x</a>' * 1_000

    assert faults("content_size", now, html=html, text="x", tracking_enabled=False) == []
    assert faults("content_size", now, html=html, text="x", tracking_enabled=True) != []
