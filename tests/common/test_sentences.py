"""Sentences written in one language and read in another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils.translation import gettext_lazy, override

from common.sentences import Sentence, columns, read

SKIPPED = "“%(activity)s” is skipped: nothing leads to it."
SKIPPED_IN_FRENCH = "« %(activity)s » n'est pas exécutée : rien n'y mène."


def kept(sentence: Sentence) -> Any:
    """What comes back from the database."""
    return json.loads(json.dumps(sentence.stored()))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_sentence_is_said_in_the_language_of_its_reader() -> None:
    with override("en"):
        stored = kept(Sentence(SKIPPED, {"activity": "lists"}))
        assert read(stored, fallback="") == "“lists” is skipped: nothing leads to it."

    with override("fr"):
        assert plain(read(stored, fallback="")) == "« lists » n'est pas exécutée : rien n'y mène."


def test_a_sentence_written_in_french_is_read_in_english() -> None:
    with override("fr"):
        row = columns(Sentence(SKIPPED, {"activity": "lists"}))

    assert plain(row["message"]) == "« lists » n'est pas exécutée : rien n'y mène."
    with override("en"):
        assert read(row["sentence"], fallback=row["message"]) == "“lists” is skipped: nothing leads to it."


def test_numbers_are_shaped_by_the_message() -> None:
    message = "Content version %(number)d frozen in %(seconds).1f s."
    stored = kept(Sentence(message, {"number": 3, "seconds": 0.349}))

    with override("fr"):
        assert plain(read(stored, fallback="")) == "Version 3 du contenu figée en 0.3 s."


def test_a_label_inside_a_sentence_is_translated_with_it() -> None:
    with override("fr"):
        reason = Sentence.of(gettext_lazy("Denylisted address"))
        stored = kept(Sentence("Ignored, %(reason)s: %(number)d.", {"reason": reason, "number": 2}))
        assert plain(read(stored, fallback="")) == "Ignorés, Adresse placée sur la liste bloquée : 2."

    with override("en"):
        assert read(stored, fallback="") == "Ignored, Denylisted address: 2."


@pytest.mark.parametrize(
    "value", ["100 %", "%(activity)s", "%s %d %%", "{0} {activity}", "<b>", "{{ message }}", "“”", "\\n"]
)
@pytest.mark.parametrize(("language", "sentence"), [("en", SKIPPED), ("fr", SKIPPED_IN_FRENCH)])
def test_what_fills_a_sentence_stays_as_it_is(value: str, language: str, sentence: str) -> None:
    stored = kept(Sentence(SKIPPED, {"activity": value}))

    with override(language):
        assert plain(read(stored, fallback="")) == sentence.replace("%(activity)s", value)


def test_a_value_is_not_looked_up_in_the_catalogue() -> None:
    stored = kept(Sentence(SKIPPED, {"activity": "Denylisted address"}))

    with override("fr"):
        assert "« Denylisted address »" in plain(read(stored, fallback=""))


def test_whoever_forgets_a_parameter_is_told_when_the_sentence_is_written() -> None:
    with pytest.raises(KeyError, match="activity"):
        columns(Sentence(SKIPPED))


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"msgid": SKIPPED},
        {"msgid": SKIPPED, "parameters": {}},
        {"msgid": SKIPPED, "parameters": []},
        {"msgid": SKIPPED, "parameters": {"activity": {}}},
        {"msgid": "%(number)d people", "parameters": {"number": "many"}},
        {"msgid": "100 %", "parameters": {}},
    ],
)
def test_a_row_that_has_no_whole_sentence_shows_what_its_writer_said(stored: Any) -> None:
    assert read(stored, fallback="Written long ago.") == "Written long ago."


def test_a_plain_text_is_kept_as_it_is() -> None:
    assert columns("no room: 100 % full") == {"message": "no room: 100 % full", "sentence": None}
