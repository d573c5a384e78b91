"""The French catalogue is whole, true to its placeholders, compiled, and follows the source."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.catalogue import (
    ROOT,
    Entry,
    Key,
    as_compiled,
    messages_of_python,
    messages_of_script,
    messages_of_scripts,
    messages_of_source,
    messages_of_template,
    read_mo,
    read_po,
)

FRENCH = ROOT / "locale" / "fr" / "LC_MESSAGES"
# Domain of the catalogue → what asks for its messages.
SOURCES: dict[str, Callable[[], dict[Key, str]]] = {"django": messages_of_source, "djangojs": messages_of_scripts}
HOW = "see docs/translating.md"
PLACEHOLDER = re.compile(r"%\(\w+\)[#0 +-]*[\d.]*[a-zA-Z]")
# A plain space there may be broken over two lines; French asks for one that may not.
BREAKABLE = re.compile(r" [:;!?»](?=\s|$)|« ")


@pytest.fixture(scope="module", params=list(SOURCES))
def domain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def entries(domain: str) -> list[Entry]:
    return read_po(FRENCH / f"{domain}.po")


def test_every_message_of_the_source_is_in_the_catalogue(entries: list[Entry], domain: str) -> None:
    # One entry serves a message that is also the singular of another one.
    known = {entry.key for entry in entries} | {Key(entry.key.text, entry.key.context) for entry in entries}
    missing = [f"{path}: {key.text!r}" for key, path in SOURCES[domain]().items() if key not in known]

    assert not missing, f"{HOW}\n" + "\n".join(missing)


def test_the_catalogue_holds_nothing_that_the_source_no_longer_says(entries: list[Entry], domain: str) -> None:
    said = SOURCES[domain]()

    assert not [entry.key.text for entry in entries if entry.obsolete or entry.key not in said], HOW


def test_every_message_is_translated_and_looked_at(entries: list[Entry]) -> None:
    assert not [entry.key.text for entry in entries if entry.fuzzy or not all(entry.translations)], HOW
    assert not [entry.key.text for entry in entries if len(entry.translations) != (2 if entry.key.plural else 1)]


def test_every_translation_keeps_the_placeholders_of_its_message(entries: list[Entry]) -> None:
    wrong = [
        translation
        for entry in entries
        for translation in entry.translations
        if placeholders(translation) not in (placeholders(entry.key.text), placeholders(entry.key.plural))
    ]

    assert not wrong


def test_the_ends_of_a_message_stay_as_they_are(entries: list[Entry]) -> None:
    """Text is put together from some of them, so a space at an end is part of the message."""
    wrong = [e.key.text for e in entries for text in e.translations if edges(text) != edges(e.key.text)]

    assert not wrong


def test_french_punctuation_does_not_break_over_two_lines(entries: list[Entry]) -> None:
    assert not [text for entry in entries for text in entry.translations if BREAKABLE.search(text)]


def test_the_compiled_catalogue_is_that_of_its_source(entries: list[Entry], domain: str) -> None:
    assert read_mo(FRENCH / f"{domain}.mo") == as_compiled(entries), HOW


def test_messages_are_found_in_python() -> None:
    source = """
        _("one" " two"); gettext_lazy("lazy"); _(name); other("not this")
        ngettext("%(n)d row", "%(n)d rows", n); pgettext_lazy("verb", "Open")
    """

    assert set(messages_of_python(re.sub(r"^ +", "", source, flags=re.M))) == {
        Key("one two"),
        Key("lazy"),
        Key("%(n)d row", plural="%(n)d rows"),
        Key("Open", context="verb"),
    }


def test_messages_are_found_in_a_template() -> None:
    source = """{% translate "Save" %}{% trans 'Open' context "verb" as title %}{% translate name %}
        {{ name|default:_("None") }}
        {% blocktranslate with name=row.label %}100 % of {{ name }}{% endblocktranslate %}
        {% blocktranslate count n=rows|length trimmed %}
            {{ n }} row
        {% plural %}
            {{ n }} rows
        {% endblocktranslate %}"""

    assert set(messages_of_template(source)) == {
        Key("Save"),
        Key("Open", context="verb"),
        Key("None"),
        Key("100 %% of %(name)s"),
        Key("%(n)s row", plural="%(n)s rows"),
    }


def test_messages_are_found_in_a_script() -> None:
    source = """
        label(gettext("Save"), gettext('It\\'s saved'), other("not this"), gettext(name));
        ngettext("%(n)s row", "%(n)s rows", n); pgettext("verb", "Open");
        gettext("A long sentence " +
            "on two lines");
    """

    assert set(messages_of_script(source)) == {
        Key("Save"),
        Key("It's saved"),
        Key("%(n)s row", plural="%(n)s rows"),
        Key("Open", context="verb"),
        Key("A long sentence on two lines"),
    }


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip(" "))], text[len(text.rstrip(" ")) :]
