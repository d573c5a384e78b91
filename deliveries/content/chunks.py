"""The parts of a source that only the engine can render, all of them in one call for each recipient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from deliveries.channels.base import NothingToSend
from deliveries.content.analysis import Analysis, analyse
from deliveries.content.language import MAXIMUM_OUTPUT, SKIP_MARKER, environment
from deliveries.content.segments import Chunk, Text

# Between two chunks; text and values are encoded and never hold a control character.
_BORDER = "\x1e"
_BORDER_BYTES, _SKIP_BYTES = _BORDER.encode(), SKIP_MARKER.encode()


class TooLong(ValueError):
    """More than a message may hold."""

    def __init__(self) -> None:
        super().__init__(_("The message exceeds 2 MB."))


class Chunks:
    """The chunks of one part. `lay` encodes their text once, `finish` the value of each expression."""

    def __init__(
        self, part: str, chunks: Sequence[Chunk], *, lay: Callable[[str], str], finish: Callable[[Any], str]
    ) -> None:
        # Of all its chunks: what they read is found there.
        self.tags = "".join(piece for chunk in chunks for piece in chunk.pieces if isinstance(piece, str))
        self.needs: Analysis = analyse(self.tags, compiled=True)
        self._part = part
        source = _BORDER.join(
            "".join(lay(piece.text) if isinstance(piece, Text) else piece for piece in chunk.pieces) for chunk in chunks
        )
        self._finish, self._room = finish, 0
        # Of the message at hand: what makes it long is a loop that writes the same few values again and again.
        self._known: dict[str | int, str] = {}
        self._engine = environment({part: source}, finish=self._bounded)

    def render(self, context: Mapping[str, Any]) -> list[bytes]:
        """The chunks in order. Raises NothingToSend, or what the engine or a filter raises: the part as it was written,
        rendered again, tells at which line."""
        self._room = MAXIMUM_OUTPUT
        self._known.clear()
        output = self._engine.render_template(self._part, **context).encode()
        if _SKIP_BYTES in output:
            raise NothingToSend
        if len(output) > MAXIMUM_OUTPUT:
            raise TooLong
        return output.split(_BORDER_BYTES)

    def _bounded(self, value: Any) -> str:
        """An expression's text; the one that is too much ends the rendering, before it takes more memory and time."""
        kind = type(value)
        if kind is str or kind is int:
            text = self._known.get(value)
            if text is None:
                text = self._known[value] = self._finish(value)
        else:
            text = self._finish(value)
        self._room = room = self._room - len(text)
        if room < 0:
            raise TooLong
        return text
