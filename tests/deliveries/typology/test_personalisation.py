"""Personalisation that can't be read."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


def test_a_fault_names_part_line_and_field(now: datetime) -> None:
    (sentence,) = faults("personalisation", now, html="<p>Hello</p>\n<p>{{ recipient.shoe_size }}</p>")

    assert sentence.startswith("html, line 2: ")
    assert "shoe_size" in sentence


def test_every_part_is_checked(now: datetime) -> None:
    found = faults("personalisation", now, subject="{{ recipient.nobody }}", text="{{ recipient.nowhere }}")

    assert {sentence.split(",")[0] for sentence in found} == {"subject", "text"}


def test_sound_personalisation_is_no_fault(now: datetime) -> None:
    assert faults("personalisation", now) == []
