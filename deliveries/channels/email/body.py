"""A compiled body laid out once in quoted-printable, with a place for everything that differs between recipients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import minijinja

from deliveries.channels.email.quoted_printable import (
    SOFT_BREAK,
    encoded,
    escaped,
    html_value,
    text_value,
    wire_lines,
    word_value,
)
from deliveries.channels.email.skeleton import Skeleton
from deliveries.content.chunks import Chunks
from deliveries.content.language import MAXIMUM_INPUT, plain, shown
from deliveries.content.links import SIGNED_URLS
from deliveries.content.segments import Chunk, Field, Text, Url, segments

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Token:
    kind: int
    number: int = 0


@dataclass(frozen=True)
class Value:
    """A field of the recipient in one part."""

    part: str
    field: Field


@dataclass(frozen=True)
class ChunkPlace:
    part: str
    index: int


@dataclass
class Body:
    """One part as laid into the skeleton."""

    part: str
    chunks: Chunks | None = None
    values: list[Value] = field(default_factory=list)
    chunk_places: list[ChunkPlace] = field(default_factory=list)


def lay_body(skeleton: Skeleton, part: str, source: str, delivery: Mapping[str, Any]) -> Body:
    """Write the part into the skeleton; `delivery` holds the values that are equal in all its messages."""
    body = Body(part)
    chunks: list[Chunk] = []
    for segment in _merged(segments(source.replace("\0", "")), part, delivery):
        if isinstance(segment, Text):
            skeleton.text(wire_lines(encoded(segment.text)))
        elif isinstance(segment, Token):
            skeleton.place(segment)
            skeleton.text(wire_lines(SOFT_BREAK))
        elif isinstance(segment, Field):
            body.values.append(Value(part, segment))
            skeleton.place(body.values[-1])
        else:
            body.chunk_places.append(ChunkPlace(part, len(chunks)))
            skeleton.place(body.chunk_places[-1])
            chunks.append(segment)
    if chunks:
        body.chunks = Chunks(part, chunks, lay=_laid, finish=_html_expression if part == "html" else _text_expression)
    return body


class Fields:
    """The plain fields of all parts: each is read once for a row, and encoded once where its parts write it alike."""

    def __init__(self, values: Sequence[Value]) -> None:
        by_field: dict[Field, list[Value]] = {}
        for value in dict.fromkeys(values):
            by_field.setdefault(value.field, []).append(value)
        # In the order in which `pieces` answers.
        self.values = [value for same in by_field.values() for value in same]
        self._wanted = [
            (field_text(wanted), [html_value if value.part == "html" else text_value for value in same], len(same))
            for wanted, same in by_field.items()
        ]

    def pieces(self, recipient: Values, added: Values) -> list[bytes]:
        found: list[bytes] = []
        for read, encoders, count in self._wanted:
            text = read(recipient, added)
            if text.isalnum():
                found += [word_value(text)] * count
            else:
                found += [encode(text) for encode in encoders]
        return found


def field_text(wanted: Field) -> Callable[[Values, Values], str]:
    """A function of the recipient and of what the workflow added: the field as text; missing, it is empty."""
    name, attribute = wanted.name, wanted.attribute
    if attribute:
        return lambda recipient, added: _written((recipient.get("attributes") or {}).get(attribute))
    if wanted.root == "target":
        return lambda recipient, added: _written(added.get(name))
    return lambda recipient, added: _written(recipient.get(name))


def _merged(
    found: list[Text | Field | Url | Chunk], part: str, delivery: Mapping[str, Any]
) -> list[Text | Field | Token | Chunk]:
    """URLs as the text around their token, what is known of the delivery as text, and neighbouring texts as one."""
    merged: list[Text | Field | Token | Chunk] = []
    for segment in found:
        for piece in _resolved(segment, part, delivery):
            last = merged[-1] if merged else None
            if isinstance(piece, Text) and isinstance(last, Text):
                merged[-1] = Text(last.text + piece.text)
            elif piece != Text(""):
                merged.append(piece)
    return merged


def _resolved(
    segment: Text | Field | Url | Chunk, part: str, delivery: Mapping[str, Any]
) -> list[Text | Field | Token | Chunk]:
    if isinstance(segment, Url):
        url = SIGNED_URLS[segment.name]
        return [Text(url.start), Token(url.kind, segment.number), Text(url.ending)]
    if isinstance(segment, Field) and segment.root == "delivery":
        text = _written(delivery.get(segment.name))
        return [Text(escaped(text) if part == "html" else text)]
    return [segment]


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value[:MAXIMUM_INPUT]
    return shown(plain(value))


def _laid(text: str) -> str:
    return encoded(text).decode("ascii")


def _text_expression(value: Any) -> str:
    return _laid(shown(value))


def _html_expression(value: Any) -> str:
    is_markup = isinstance(value, minijinja.Markup)
    return _laid(str(value) if is_markup else escaped(shown(value)))
