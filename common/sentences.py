"""Sentences that are stored: written once, read by each person in their own language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from django.utils.functional import Promise
from django.utils.translation import gettext, override

Parameter = Union[str, int, float, "Sentence"]


@dataclass(frozen=True)
class Sentence:
    """An English message marked with `gettext_noop`, and what fills its %-style named placeholders.

    `str` says it in the active language. A percent sign of its own is written `%%`.
    """

    msgid: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @classmethod
    def of(cls, label: Promise | str) -> Sentence:
        """The sentence of a lazy label, whatever language is active."""
        with override(None):
            return cls(str(label))

    def __str__(self) -> str:
        return gettext(self.msgid) % self.parameters

    def stored(self) -> dict[str, Any]:
        """The JSON that `read` understands."""
        values = {
            name: value.stored() if isinstance(value, Sentence) else value for name, value in self.parameters.items()
        }
        return {"msgid": self.msgid, "parameters": values}


def columns(message: object) -> dict[str, Any]:
    """What a row of a log keeps of a Sentence or of a plain text."""
    stored = message.stored() if isinstance(message, Sentence) else None
    return {"message": str(message), "sentence": stored}


def read(stored: Mapping[str, Any] | None, *, fallback: str) -> str:
    """The sentence in the active language; the fallback for a row without one, or with one that can't be filled in."""
    if stored is None:
        return fallback
    try:
        return str(_restored(stored))
    except (AttributeError, KeyError, TypeError, ValueError):
        return fallback


def _restored(stored: Mapping[str, Any]) -> Sentence:
    values = {
        name: _restored(value) if isinstance(value, dict) else value for name, value in stored["parameters"].items()
    }
    return Sentence(stored["msgid"], values)
