"""What is asked before something is done: a page of its own, which the script shows as a dialog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """One way of doing it; `button` repeats the choice on the button that does it."""

    value: str
    label: Any
    consequence: Any
    button: Any


@dataclass(frozen=True)
class Dialog:
    """`title` names the consequence; `lines` say what stops, what has left, what still happens.

    The handler finds the choice in `request.POST["choice"]` and the reason in `request.POST["reason"]`.
    """

    title: Any
    lines: Sequence[Any] = ()
    choices: Sequence[Choice] = ()
    # The button, where there is nothing to choose.
    button: Any = ""
    # The safe way out: "Keep sending".
    keep: Any = ""
    asks_reason: bool = False
    # Reasons to choose from; free text where there are none.
    reasons: Sequence[Any] = ()
    is_destructive: bool = True
