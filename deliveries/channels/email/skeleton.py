"""Bytes that are equal in every message, and places for those that are not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import TypeVar

Key = TypeVar("Key")


class Skeleton:
    """Written once from start to end; filled for each message by one copy and one join."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = [b""]
        self._places: list[Hashable] = []

    def text(self, piece: bytes) -> None:
        self._pieces[-1] += piece

    def place(self, key: Hashable) -> None:
        self._places.append(key)
        self._pieces += [b"", b""]

    def end_line(self) -> None:
        """A line that static text left without its end gets it; after a place every piece ends with one."""
        if not self._pieces[-1].endswith(b"\r\n") or self._pieces[-1].endswith(b"=\r\n"):
            self._pieces[-1] += b"\r\n"

    def followed_by(self, other: Skeleton) -> Skeleton:
        """Both as one."""
        both = Skeleton()
        both._pieces = [*self._pieces[:-1], self._pieces[-1] + other._pieces[0], *other._pieces[1:]]
        both._places = [*self._places, *other._places]
        return both

    def places_of(self, kind: type[Key]) -> list[Key]:
        """The places whose key is of this type, in order."""
        return [key for key in self._places if isinstance(key, kind)]

    def filler(
        self, keys: Sequence[Hashable], change: Callable[[bytes], bytes] = bytes
    ) -> Callable[[Sequence[bytes]], bytes]:
        """A function of the values, given in the order of these keys; `change` is made to the constant pieces."""
        pieces = [change(piece) for piece in self._pieces]
        copy = pieces.copy
        if not self._places:
            return lambda values: pieces[0]
        order = [keys.index(key) for key in self._places]
        # itemgetter answers a tuple for two indices or more.
        chosen = itemgetter(*order, order[0])

        def fill(values: Sequence[bytes]) -> bytes:
            filled = copy()
            filled[1::2] = chosen(values)[:-1]
            return b"".join(filled)

        return fill
