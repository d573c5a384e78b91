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


purposes_of_one_row = st.lists(st.tuples(st.integers(0, 255), st.just(0) | st.integers(0, 20) | details), max_size=12)


@given(row=rows, purposes=purposes_of_one_row)
def test_the_tokens_of_one_row_made_together_are_those_made_one_by_one(
    row: int, purposes: list[tuple[int, int]]
) -> None:
    together = tokens.signer(purposes)(row)

    assert [token.decode() for token in together] == [tokens.sign(kind, row, detail) for kind, detail in purposes]


@given(row=rows, purposes=purposes_of_one_row, kinds=st.lists(st.integers(0, 255), min_size=1, max_size=3))
def test_a_token_in_hexadecimal_reads_back_whatever_the_case_of_its_letters(
    row: int, purposes: list[tuple[int, int]], kinds: list[int]
) -> None:
    opaque = tokens.signer(purposes, kinds)(row)[len(purposes) :]

    for kind, made in zip(kinds, opaque, strict=True):
        token = made.decode()
        assert len(token) == tokens.HEX_LENGTH
        assert tokens.verify_hex(token.upper(), kind) == tokens.verify_hex(token, kind) == Token(kind, row, 0)


@given(row=rows, purposes=st.sets(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=20))
def test_no_two_tokens_of_a_row_have_the_same_digest(row: int, purposes: set[tuple[int, int]]) -> None:
    digests = {tokens.sign(kind, row, detail)[-15:] for kind, detail in purposes}

    assert len(digests) == len(purposes)


@pytest.mark.parametrize("text", ["", "zz" * 25, "00" * 25, "0" * 49, " " * 50, "é" * 50])
def test_any_other_text_is_no_token_in_hexadecimal(text: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify_hex(text, 6)


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
