"""A registry: the only way in which an upstream app reaches a downstream one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class DuplicateCode(Exception):
    """Two entries were registered under one code."""


class UnknownCode(KeyError):
    """No entry has this code."""


class Registry(Generic[T]):
    """Entries by code, in the order in which they were registered."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, T] = {}

    def register(self, code: str) -> Callable[[T], T]:
        """Decorator: register the decorated class or function under `code`."""

        def decorator(entry: T) -> T:
            self.add(code, entry)
            return entry

        return decorator

    def add(self, code: str, entry: T) -> None:
        if code in self._entries:
            raise DuplicateCode(f"{self.name}: {code} is registered twice.")
        self._entries[code] = entry

    def get(self, code: str) -> T:
        try:
            return self._entries[code]
        except KeyError:
            raise UnknownCode(f"{self.name}: {code} is unknown; there are {', '.join(self._entries)}.") from None

    def __contains__(self, code: object) -> bool:
        return code in self._entries

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def codes(self) -> list[str]:
        return list(self._entries)

    def items(self) -> list[tuple[str, T]]:
        return list(self._entries.items())
