"""Which column fills which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid, Refused
from recipients.filters.fields import is_attribute_name
from recipients.imports.cells import READERS, BadCell, read_attribute
from recipients.imports.source import Row, Source

ATTRIBUTES = "attributes."
KEYS = ("email", "mobile_phone")


class InvalidMapping(Invalid):
    """The mapping or the key names what does not exist."""

    code = "invalid_mapping"


class BadRow(ValueError):
    """The record can't be imported; the message says why."""


@dataclass(frozen=True)
class BoundMapping:
    """Fields by the position of their column."""

    columns: dict[str, int]
    key: str
    width: int

    def read(self, row: Row) -> dict[str, Any]:
        """The record's values; an empty cell is left out, for it changes nothing."""
        if len(row.cells) != self.width:
            message = _("%(count)d cells where the header has %(width)d")
            raise BadRow(message % {"count": len(row.cells), "width": self.width})
        values = {}
        for field, position in self.columns.items():
            # Spaces only: other white space is what a validator must see.
            text = row.cells[position].strip(" ")
            if text:
                values[field] = _cell(field, text)
        if self.key not in values:
            raise BadRow(_("the key %(name)s is empty") % {"name": self.key})
        return values


def _cell(field: str, text: str) -> Any:
    read = read_attribute if field.startswith(ATTRIBUTES) else READERS[field]
    try:
        return read(text)
    except (BadCell, Refused) as error:
        raise BadRow(f"{field}: {error}") from None


def parse_mapping(text: str) -> dict[str, str]:
    """`email=E-mail,first_name=Prénom` as columns by field."""
    mapping: dict[str, str] = {}
    for part in text.split(","):
        field, sign, column = (piece.strip() for piece in part.partition("="))
        if not (field and sign and column):
            raise InvalidMapping(_("“%(part)s” is not of the form field=Column.") % {"part": part.strip()[:100]})
        if field in mapping:
            raise InvalidMapping(_("The field %(name)s is mapped twice.") % {"name": field})
        mapping[field] = column
    return mapping


def bind(mapping: Mapping[str, str], *, key: str, source: Source) -> BoundMapping:
    """The mapping over the file's columns; raises InvalidMapping."""
    columns = {_field(field): _position(column, source) for field, column in mapping.items()}
    if key not in KEYS or key not in columns:
        message = _("The key must be one of %(names)s, and be mapped to a column.")
        raise InvalidMapping(message % {"names": ", ".join(KEYS)})
    return BoundMapping(columns, key, len(source.header))


def _field(name: str) -> str:
    if name.startswith("denylist."):
        name = name.replace(".", "_", 1)
    if name in READERS or (name.startswith(ATTRIBUTES) and is_attribute_name(name.removeprefix(ATTRIBUTES))):
        return name
    known = ", ".join([*READERS, "attributes.<name>"])
    raise InvalidMapping(_("Unknown field: %(name)s; there are %(names)s.") % {"name": name[:100], "names": known})


def _position(column: str, source: Source) -> int:
    if column not in source.header:
        known = ", ".join(name for name in source.header[:30] if name)
        message = _("The file has no column %(name)s; it has %(names)s.")
        raise InvalidMapping(message % {"name": column[:100], "names": known[:1000]})
    return source.header.index(column)
