"""What a template may hold: every token is on a list, or it is refused with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from deliveries.content.language import FILTERS, STATEMENTS, TESTS

FIELDS: dict[str, frozenset[str]] = {
    "recipient": frozenset(
        [
            "id",
            "email",
            "first_name",
            "last_name",
            "mobile_phone",
            "birth_date",
            "language",
            "gender",
            "country_code",
            "attributes",
            "created_at",
        ]
    ),
    "delivery": frozenset({"id", "label"}),
    "message": frozenset({"mirror_url", "unsubscribe_url", "preferences_url"}),
    # What the workflow added to each person has the names that its activities give.
    "target": frozenset(),
}
ADDED = "target"
_ADDED_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
# What compiled content holds in place of a link and of the pixel (see `links.py`).
INTERNAL = re.compile(r"\{\{ _links\[\d+\]\|safe \}\}|\{% if _pixel %\}|\{\{ _pixel\|safe \}\}")
MAXIMUM_LOOP_BODY = 10_000
MAXIMUM_LOOP_DEPTH = 3

OPENING = re.compile(r"\{[{%#]")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<operator>\*\*|//|==|!=|<=|>=|.)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = frozenset(
    ["==", "!=", "<", "<=", ">", ">=", "+", "-", "~", "/", "%", "(", ")", "[", "]", ",", ".", ":", "|"]
)
_KEYWORDS = frozenset(["and", "or", "not", "in", "if", "else", "is", "true", "false", "none", "True", "False", "None"])
CLOSINGS = {"{{": "}}", "{%": "%}", "{#": "#}"}


@dataclass(frozen=True)
class Fault:
    line: int
    message: str


@dataclass
class Analysis:
    """The faults of a template, and which values it reads."""

    faults: list[Fault] = field(default_factory=list)
    fields: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in FIELDS})
    attributes: set[str] = field(default_factory=set)
    tags: int = 0

    def merge(self, other: Analysis) -> None:
        self.faults += other.faults
        self.attributes |= other.attributes
        self.tags += other.tags
        for name, used in other.fields.items():
            self.fields[name] |= used


@dataclass(frozen=True)
class _Tag:
    opening: str
    body: str
    line: int
    start: int


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


class _Refused(Exception):
    pass


def analyse(source: str, *, compiled: bool = False) -> Analysis:
    """Read every tag of the source. `compiled` content may also hold our own link markers."""
    reader = _Reader()
    for tag in _tags(source):
        if compiled and INTERNAL.match(source, tag.start):
            if tag.opening == "{%":
                reader.blocks.append(("if", tag.start))
            continue
        reader.read(tag)
    return reader.analysis


def _tags(source: str) -> Iterator[_Tag]:
    """The tags in order. Where one never closes the engine's own parser complains, so reading stops there."""
    position, line, counted = 0, 1, 0
    while (found := OPENING.search(source, position)) is not None:
        opening = found.group()
        end = source.find(CLOSINGS[opening], found.end())
        if end < 0:
            return
        line += source.count("\n", counted, found.start())
        counted = found.start()
        if opening != "{#":
            yield _Tag(opening, source[found.end() : end], line, found.start())
        position = end + 2


class _Reader:
    """Walks the tags, keeping the open blocks and the names that loops define."""

    def __init__(self) -> None:
        self.analysis = Analysis()
        self.blocks: list[tuple[str, int]] = []
        self.loop_names: list[set[str]] = []

    def read(self, tag: _Tag) -> None:
        self.analysis.tags += 1
        try:
            tokens = _tokens(tag.body)
            if tag.opening == "{%":
                self._statement(tag, tokens)
            else:
                self._expression(tokens)
        except _Refused as error:
            self.analysis.faults.append(Fault(tag.line, str(error)))

    def _statement(self, tag: _Tag, tokens: list[_Token]) -> None:
        word = tokens[0].text if tokens else ""
        if word not in STATEMENTS:
            raise _Refused(_("“%(name)s” is not a known instruction.") % {"name": word})
        if word == "if":
            self.blocks.append(("if", tag.start))
        if word == "endif" and self.blocks:
            self.blocks.pop()
        if word == "for":
            self._open_loop(tag, tokens[1:])
        elif word == "endfor":
            self._close_loop(tag)
        else:
            self._expression(tokens[1:])

    def _open_loop(self, tag: _Tag, tokens: list[_Token]) -> None:
        texts = [token.text for token in tokens]
        if "in" not in texts:
            raise _Refused(_("A loop is written {% for item in list %}."))
        names = {token.text for token in tokens[: texts.index("in")] if token.kind == "name"}
        self.blocks.append(("for", tag.start))
        self.loop_names.append(names | {"loop"})
        if any(name in FIELDS or name.startswith("_") or name in _KEYWORDS for name in names):
            raise _Refused(_("A loop may not use the name of a field or a word of the language."))
        if len(self.loop_names) > MAXIMUM_LOOP_DEPTH:
            raise _Refused(_("Loops are nested too deeply."))
        self._expression(tokens[texts.index("in") + 1 :])

    def _close_loop(self, tag: _Tag) -> None:
        if not self.loop_names or not self.blocks:
            raise _Refused(_("A loop is closed that was not opened."))
        self.loop_names.pop()
        _kind, start = self.blocks.pop()
        if tag.start - start > MAXIMUM_LOOP_BODY:
            raise _Refused(_("What a loop repeats may not exceed 10,000 characters."))

    def _expression(self, tokens: list[_Token]) -> None:
        for index, token in enumerate(tokens):
            before = tokens[index - 1] if index else _Token("", "")
            if token.kind == "operator":
                self._operator(token, before, tokens[index - 2] if index > 1 else _Token("", ""))
            elif token.kind == "name":
                self._name(tokens, index)

    def _operator(self, token: _Token, before: _Token, earlier: _Token) -> None:
        if token.text not in _OPERATORS:
            raise _Refused(_("“%(name)s” is not allowed here.") % {"name": token.text})
        if token.text != "(":
            return
        filtered = earlier.text in ("|", "is", "not")
        called = before.kind in ("string", "number") or before.text in (")", "]")
        if called or (before.kind == "name" and before.text not in _KEYWORDS and not filtered):
            raise _Refused(_("“%(name)s” can't be called.") % {"name": before.text})

    def _name(self, tokens: list[_Token], index: int) -> None:
        name = tokens[index].text
        before = [token.text for token in tokens[max(0, index - 2) : index]]
        if before[-1:] == ["."]:
            if name.startswith("_"):
                raise _Refused(_("“%(name)s” is not a field.") % {"name": name})
        elif before[-1:] == ["|"]:
            if name not in FILTERS:
                raise _Refused(_("“%(name)s” is not a known filter.") % {"name": name})
        elif before[-1:] == ["is"] or before == ["is", "not"]:
            if name not in TESTS | {"not"}:
                raise _Refused(_("“%(name)s” is not a known test.") % {"name": name})
        elif name in FIELDS:
            self._field(name, tokens[index + 1 :])
        elif name not in _KEYWORDS and not any(name in names for names in self.loop_names):
            raise _Refused(_("“%(name)s” is not known.") % {"name": name})

    def _field(self, root: str, following: list[_Token]) -> None:
        name, rest = _member(following)
        if name is None or not _is_field(root, name):
            raise _Refused(_("“%(name)s” is not a known field.") % {"name": f"{root}.{name}" if name else root})
        self.analysis.fields[root].add(name)
        if root == "recipient" and name == "attributes":
            attribute, _rest = _member(rest)
            if attribute is not None:
                self.analysis.attributes.add(attribute)


def _is_field(root: str, name: str) -> bool:
    return bool(_ADDED_NAME.fullmatch(name)) if root == ADDED else name in FIELDS[root]


def _member(tokens: list[_Token]) -> tuple[str | None, list[_Token]]:
    """The field named by `.name` or `["name"]`, and what follows it."""
    if len(tokens) >= 2 and tokens[0].text == "." and tokens[1].kind == "name":
        return tokens[1].text, tokens[2:]
    if len(tokens) >= 3 and tokens[0].text == "[" and tokens[1].kind == "string" and tokens[2].text == "]":
        return tokens[1].text[1:-1], tokens[3:]
    return None, tokens


def _tokens(body: str) -> list[_Token]:
    # The signs of white-space control belong to the tag, not to its expression.
    body = body[1:] if body[:1] in ("-", "+") else body
    body = body[:-1] if body[-1:] in ("-", "+") else body
    tokens = [_Token(str(found.lastgroup), found.group()) for found in _TOKEN.finditer(body)]
    return [token for token in tokens if token.kind != "space"]
