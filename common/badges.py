"""A state is a colour, an icon and a word: one table says which, for every state that a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Tones of the design system; `doubt` is for messages in doubt and nothing else.
TONES = ("mute", "wait", "run", "ok", "warn", "bad", "doubt")


@dataclass(frozen=True)
class Badge:
    """`title` is the whole wording, where the label is a short one."""

    tone: str
    icon: str
    label: Any
    title: Any = ""


# By class too: members of two integer enumerations are equal when their numbers are.
_looks: dict[tuple[type, Any], tuple[str, str]] = {}


class UnknownTone(Exception):
    """The design system has no such tone."""


def register(looks: Mapping[Any, tuple[str, str]]) -> None:
    """Say how states look: `{DeliveryState.READY: ("wait", "flag"), …}` (tone, icon of the sprite)."""
    for state, (tone, icon) in looks.items():
        if tone not in TONES:
            raise UnknownTone(f"{state}: {tone} is none of {', '.join(TONES)}.")
        _looks[type(state), state] = (tone, icon)


def badge(state: Any) -> Badge:
    """How this member of a choices class looks; a plain grey one where nobody said."""
    tone, icon = _looks.get((type(state), state), ("mute", ""))
    return Badge(tone, icon, getattr(state, "label", state))
