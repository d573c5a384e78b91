"""The named errors of services: what was refused, why, and what to do. Edges translate them once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Refused(Exception):
    """A request that can't be carried out as asked; nothing was changed. Subclasses give the code."""

    code = "refused"

    def __init__(self, message: object, *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(str(message))
        self.fields = {name: [str(text) for text in texts] for name, texts in (fields or {}).items()}


class Invalid(Refused):
    """What was given is wrong: the message and `fields` say where."""

    code = "invalid"


class IllegalState(Refused):
    """The row's state does not allow the action."""

    code = "illegal_state"


class Conflict(Refused):
    """Somebody else changed it meanwhile."""

    code = "conflict"
