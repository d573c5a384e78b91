"""The pieces of a delivery outline: what may be one, and how people write them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from operations.workflow.added_data import MAXIMUM_COLUMNS, check_name

MAXIMUM_VALUE = 2_000
# What the planned contact date is called beside the pieces.
CONTACT_DATE = "planned_contact_date"


def check_items(items: Any) -> list[dict[str, str]]:
    """The pieces as `[{"name", "label", "value"}]`. Raises ValidationError."""
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise ValidationError(_("An outline has at least one piece."))
    # One place is that of the contact date.
    if len(items) >= MAXIMUM_COLUMNS:
        raise ValidationError(_("An outline has at most %(maximum)d pieces.") % {"maximum": MAXIMUM_COLUMNS - 1})
    checked = [_checked(item) for item in items]
    names = [item["name"] for item in checked]
    for name in names:
        if name == CONTACT_DATE or names.count(name) > 1:
            raise ValidationError(_("The name “%(name)s” is taken.") % {"name": name})
    return checked


def read_lines(text: str) -> list[dict[str, str]]:
    """Pieces as people write them, one in a line: `offer = 10 % off`. Raises ValidationError."""
    items = []
    for line in filter(str.strip, text.splitlines()):
        name, equals, value = line.partition("=")
        if not equals:
            raise ValidationError(_("“%(line)s”: write name = value.") % {"line": line[:50]})
        items.append({"name": name.strip(), "label": name.strip(), "value": value.strip()})
    return check_items(items)


def write_lines(items: list[dict[str, str]]) -> str:
    """The pieces as `read_lines` reads them."""
    return "\n".join(f"{item['name']} = {item['value']}" for item in items)


def _checked(item: dict[str, Any]) -> dict[str, str]:
    try:
        name = check_name(item.get("name"))
    except forms.ValidationError as error:
        raise ValidationError(error.messages) from error
    value, label = item.get("value", ""), item.get("label") or name
    if not isinstance(value, str) or not isinstance(label, str) or len(value) > MAXIMUM_VALUE or len(label) > 200:
        message = _("%(name)s: a text of at most %(maximum)d characters is needed here.")
        raise ValidationError(message % {"name": name, "maximum": MAXIMUM_VALUE})
    return {"name": name, "label": label, "value": value}
