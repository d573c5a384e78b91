"""Tokens of public links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from common import tokens
from common.tokens import InvalidToken, Token

rows = st.integers(0, 2**64 - 1)
details = st.integers(0, 2**32 - 1)


@given(kind=st.integers(0, 255), row=rows, detail=details)
def test_a_token_reads_back_as_what_was_signed(kind: int, row: int, detail: int) -> None:
    assert tokens.verify(tokens.sign(kind, row, detail), kind) == Token(kind, row, detail)


@given(row=rows, detail=details, position=st.integers(0, 33), letter=st.sampled_from("AZaz09-_"))
def test_no_changed_letter_is_accepted(row: int, detail: int, position: int, letter: str) -> None:
    token = tokens.sign(1, row, detail)
    position %= len(token)
    forged = token[:position] + letter + token[position + 1 :]

    if forged != token:
        with pytest.raises(InvalidToken):
            tokens.verify(forged, 1)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(text, 1)


def test_a_token_serves_its_own_purpose_only() -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(tokens.sign(1, 7), 2)


def test_a_token_outlives_two_rotations_of_the_key(settings: Settings) -> None:
    settings.SECRET_KEY = "first"
    token = tokens.sign(4, 7)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "third", ["second", "first"]

    assert tokens.verify(token, 4).row == 7


def test_a_token_of_another_installation_is_refused(settings: Settings) -> None:
    token = tokens.sign(4, 7)
    settings.SECRET_KEY = "another installation"

    with pytest.raises(InvalidToken):
        tokens.verify(token, 4)
