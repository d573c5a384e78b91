"""What the engine renders of a body (conditions, loops, filters), with the URLs that stand inside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deliveries.channels.base import OutgoingRow
from deliveries.channels.email.body import Token
from deliveries.channels.email.quoted_printable import wire_lines
from deliveries.content.chunks import Chunks
from deliveries.content.links import SIGNED_URLS
from deliveries.content.personalisation import Contexts

_LINK = re.compile(r"_links\[(\d+)\]")


class Conditional:
    """The chunks of one part, rendered together for each row."""

    def __init__(self, chunks: Chunks, delivery: Mapping[str, Any]) -> None:
        self._chunks = chunks
        self._contexts = Contexts(chunks.needs, delivery)
        self._urls = sorted(chunks.needs.fields["message"])
        numbers = {int(number) for number in _LINK.findall(chunks.tags)}
        self._links = [
            _token("click", number) if number in numbers else None for number in range(max(numbers, default=0) + 1)
        ]
        self._pixel = "_pixel" in chunks.tags
        named = [_token(name) for name in [*self._urls, *(["pixel"] if self._pixel else [])]]
        self.tokens: Sequence[Token] = [*named, *(token for token in self._links if token)]

    def render(self, row: OutgoingRow, tokens: Mapping[Token, bytes]) -> list[bytes]:
        """In the order of the chunks. Raises NothingToSend, or whatever the engine or a filter raises."""
        urls = {name: _url(name, tokens[_token(name)]) for name in self._urls}
        links = [_url("click", tokens[token]) if token else "" for token in self._links]
        pixel = _url("pixel", tokens[_token("pixel")]) if self._pixel else ""
        context = self._contexts.make(row.recipient, urls, links, pixel, added=row.added)
        return [wire_lines(chunk) for chunk in self._chunks.render(context)]


def _token(name: str, number: int = 0) -> Token:
    return Token(SIGNED_URLS[name].kind, number)


def _url(name: str, token: bytes) -> str:
    return SIGNED_URLS[name].around(token.decode())
