"""What is wrong with a filter, and where."""

from __future__ import annotations

from common.errors import Invalid

Path = tuple[str | int, ...]


class FilterError(Invalid):
    """The document is not a filter; `fields` names the place as `all.0.op`, the message what is wrong there."""

    code = "invalid_filter"

    def __init__(self, message: object, path: Path = ()) -> None:
        place = ".".join(str(step) for step in path) or "filter"
        super().__init__(message, fields={place: [str(message)]})
