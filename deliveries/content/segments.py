"""A checked source cut into what never changes, plain fields, our own URLs, and what only the engine can render.

A renderer fills the first three itself; the engine, ten times slower, is asked for nothing but conditions, loops,
filters and calculations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deliveries.content.analysis import CLOSINGS, OPENING


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Field:
    """`recipient.first_name`, `recipient.attributes.city`, `target.score`, `delivery.label`."""

    root: str
    name: str
    attribute: str = ""


@dataclass(frozen=True)
class Url:
    """One of ours: a name of MESSAGE_URLS, "pixel", or "click" with the number of the link."""

    name: str
    number: int = 0


@dataclass(frozen=True)
class Chunk:
    """What the engine renders: text and tags in turn, as written."""

    pieces: tuple[Text | str, ...]


Segment = Text | Field | Url | Chunk

_NAME = r"[A-Za-z]\w*"
_ATTRIBUTE = re.compile(rf"recipient\.attributes\.({_NAME})")
_FIELD = re.compile(rf"(recipient|target|delivery)\.({_NAME})")
_MESSAGE_URL = re.compile(r"message\.(mirror_url|unsubscribe_url|preferences_url)")
_LINK = re.compile(r"_links\[(\d+)\]\|safe")
_BLOCK = re.compile(r"\s*(?:(if|for)|(endif|endfor))\b")
_IF_PIXEL, _PIXEL = "{% if _pixel %}", "_pixel|safe"


def segments(source: str) -> list[Segment]:
    """The source in segments. It must have passed `analyse`; where tags do not balance the engine says so itself."""
    found: list[Segment] = []
    pieces: list[Text | str] = []
    depth = 0
    for piece in _pieces(source):
        if depth == 0:
            segment = piece if isinstance(piece, Text) else _simple(piece)
            if segment is not None:
                found.append(segment)
                continue
        pieces.append(piece)
        depth += _step(piece)
        if depth <= 0:
            found.append(Chunk(tuple(pieces)))
            pieces, depth = [], 0
    return [*found, Chunk(tuple(pieces))] if pieces else found


def with_pixel(source: str, tracked: bool) -> str:
    """The source with the condition around its pixel decided once for all messages."""
    pattern = re.compile(re.escape(_IF_PIXEL) + r"(.*?)\{% endif %\}", re.DOTALL)
    return pattern.sub(lambda block: block.group(1) if tracked else "", source)


def _pieces(source: str) -> Iterator[Text | str]:
    """Text and tags in turn, comments left out, white space beside the signs `-` removed as the engine would."""
    position, trim = 0, False
    while (opening := OPENING.search(source, position)) is not None:
        end = source.find(CLOSINGS[opening.group()], opening.end())
        if end < 0:
            break
        tag = source[opening.start() : end + 2]
        text = source[position : opening.start()]
        text = text.lstrip() if trim else text
        text = text.rstrip() if tag[2:3] == "-" else text
        if text:
            yield Text(text)
        if opening.group() != "{#":
            yield tag
        position, trim = end + 2, tag[-3:-2] == "-"
    rest = source[position:].lstrip() if trim else source[position:]
    if rest:
        yield Text(rest)


def _step(piece: Text | str) -> int:
    if isinstance(piece, Text) or not piece.startswith("{%"):
        return 0
    found = _BLOCK.match(piece[2:].lstrip("+-"))
    if found is None:
        return 0
    return 1 if found.group(1) else -1


def _simple(tag: str) -> Segment | None:
    if not tag.startswith("{{"):
        return None
    body = tag[2:-2].strip("+-").strip()
    if body == _PIXEL:
        return Url("pixel")
    if found := _LINK.fullmatch(body):
        return Url("click", int(found.group(1)))
    if found := _MESSAGE_URL.fullmatch(body):
        return Url(found.group(1))
    if found := _ATTRIBUTE.fullmatch(body):
        return Field("recipient", "attributes", found.group(1))
    if (found := _FIELD.fullmatch(body)) and found.group(2) != "attributes":
        return Field(found.group(1), found.group(2))
    return None
