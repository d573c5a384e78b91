"""The template engine behind personalisation: bounded, on plain values only, without Django (the trial process
imports it alone)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import minijinja

FUEL = 20_000
MAXIMUM_INPUT = 1_024
MAXIMUM_ITEMS = 100
MAXIMUM_DEPTH = 4
MAXIMUM_OUTPUT = 2_000_000

# Statements, filters and tests that a template may use; nothing else is ever compiled.
STATEMENTS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "skip"})
FILTERS = frozenset(
    {
        "abs",
        "capitalize",
        "date",
        "default",
        "first",
        "float",
        "int",
        "items",
        "join",
        "last",
        "length",
        "lower",
        "round",
        "title",
        "trim",
        "upper",
        "urlencode",
    }
)
TESTS = frozenset({"defined", "undefined", "none", "odd", "even", "string", "number", "sequence", "mapping"})

# Values lose NUL, so no recipient can forge the marker that {% skip %} leaves in the output.
SKIP_MARKER = "\0skip\0"
_SKIP = re.compile(r"\{%[-+]?\s*skip\s*[-+]?%\}")
_BUILT_IN_FILTERS = [
    "attr",
    "batch",
    "bool",
    "chain",
    "dictsort",
    "escape",
    "e",
    "format",
    "groupby",
    "indent",
    "lines",
    "list",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "tojson",
    "unique",
    "zip",
]
_BUILT_IN_FUNCTIONS = ("range", "dict", "debug", "namespace", "cycler", "joiner", "lipsum")

_MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}
_DAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
}


def environment(
    sources: Mapping[str, str],
    *,
    escaped: frozenset[str] = frozenset(),
    quoted: bool = False,
    finish: Callable[[Any], str] | None = None,
) -> minijinja.Environment:
    """Compile the named sources: those in `escaped` are HTML, `quoted` ones URLs. Raises minijinja.TemplateError.

    `finish` makes the text of each expression's value, escaping included.
    """
    engine = minijinja.Environment(
        fuel=FUEL,
        undefined_behavior="strict",
        auto_escape_callback=lambda name: "html" if name in escaped else None,
        keep_trailing_newline=True,
        pycompat=False,
        debug=True,
        finalizer=finish or (_quote if quoted else shown),
    )
    for name in _BUILT_IN_FILTERS:
        # Links of ours are inserted as they are; `safe` is out of reach of what people write.
        if name != "safe":
            engine.remove_filter(name)
    for name in _BUILT_IN_FUNCTIONS:
        engine.remove_global(name)
    engine.add_filter("date", format_date)
    engine.add_filter("default", _default)
    if quoted:
        # Every value is quoted once, at the end.
        engine.add_filter("urlencode", lambda value: value)
    for name, source in sources.items():
        engine.add_template(name, _SKIP.sub(SKIP_MARKER, source.replace("\0", "")))
    return engine


def plain(value: Any, depth: int = 0) -> Any:
    """The value as templates see it: text, numbers, lists and dicts, each bounded; None is the empty text."""
    if isinstance(value, str):
        return value[:MAXIMUM_INPUT].replace("\0", "")
    if value is None or depth > MAXIMUM_DEPTH:
        return ""
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 64 else str(value)[:MAXIMUM_INPUT]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        items = list(value.items())[:MAXIMUM_ITEMS]
        return {plain(str(key)): plain(item, depth + 1) for key, item in items}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value[:MAXIMUM_ITEMS]]
    return plain(str(value))


def format_date(value: Any, pattern: str = "d/m/Y", language: str = "en") -> str:
    """`{{ recipient.birth_date|date("j F Y", recipient.language) }}`: d j m n F Y y l H i; the rest is literal."""
    if value in (None, ""):
        return ""
    moment = datetime.fromisoformat(str(value))
    names = "fr" if str(language)[:2].lower() == "fr" else "en"
    letters = {
        "d": f"{moment.day:02}",
        "j": str(moment.day),
        "m": f"{moment.month:02}",
        "n": str(moment.month),
        "F": _MONTHS[names][moment.month - 1],
        "Y": f"{moment.year:04}",
        "y": f"{moment.year % 100:02}",
        "l": _DAYS[names][moment.weekday()],
        "H": f"{moment.hour:02}",
        "i": f"{moment.minute:02}",
    }
    return "".join(letters.get(letter, letter) for letter in pattern[:MAXIMUM_INPUT])


def shown(value: Any) -> str:
    """The text that an expression's value makes; a whole number has no decimals, however it was calculated."""
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _quote(value: Any) -> str:
    return quote(shown(value), safe="")


def _default(value: Any, fallback: Any = "") -> Any:
    """Unlike Jinja's, also for an empty text: a missing attribute is one."""
    return fallback if value is None or value == "" else value
