"""Custom attributes: declared, renamed, indexed; the JSON column holds their values, so that none needs a migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from common.errors import Invalid
from recipients.filters.declared import KINDS
from recipients.filters.fields import ATTRIBUTES, is_attribute_name
from recipients.models import Attribute, Recipient


def create_attribute(
    *,
    name: str,
    label: str,
    kind: str = Attribute.Kind.TEXT,
    choices: Sequence[dict[str, Any]] = (),
    indexed: bool = False,
    help_text: str = "",
) -> Attribute:
    """Declare an attribute; its index, if any, is built when the transaction ends. Raises Invalid."""
    row = Attribute(
        name=name, label=label, kind=kind, choices=list(choices), indexed=indexed, help_text=help_text[:300]
    )
    return save_attribute(row)


def save_attribute(row: Attribute) -> Attribute:
    """Save a new or changed attribute and bring its index in line. The name of a saved one stays. Raises Invalid."""
    before = check(row)
    row.save()
    if before is None or (before.kind, before.indexed) != (row.kind, row.indexed):
        transaction.on_commit(lambda: apply_index(row))
    return row


def delete_attribute(row: Attribute) -> None:
    """Forget the declaration and its index; people keep their values."""
    name = index_name(row)
    row.delete()
    transaction.on_commit(lambda: _drop(name))


def apply_index(row: Attribute) -> None:
    """Build the index of an indexed attribute, drop that of any other; outside a transaction without blocking writes.

    The old index goes first: it may be of another type, or be left invalid by an interrupted build.
    """
    _drop(index_name(row))
    if row.indexed:
        _build(row)


def index_name(row: Attribute) -> str:
    return f"recipient_attribute_{row.pk}"


def index_of(row: Attribute) -> models.Index:
    """Over the very expression that the filters' compiler puts into its statements."""
    expression = ATTRIBUTES[KINDS[Attribute.Kind(row.kind)]](row.name)
    return models.Index(expression, name=index_name(row))


def _build(row: Attribute) -> None:
    options: Any = _concurrently()
    statement = index_of(row).create_sql(Recipient, connection.schema_editor(), **options)
    with connection.cursor() as cursor:
        cursor.execute(str(statement))


def _drop(name: str) -> None:
    concurrently = "CONCURRENTLY " if _concurrently() else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {concurrently}IF EXISTS {connection.ops.quote_name(name)}")


def _concurrently() -> dict[str, bool]:
    possible = connection.vendor == "postgresql" and not connection.in_atomic_block
    return {"concurrently": True} if possible else {}


def check(row: Attribute) -> Attribute | None:
    """Raise Invalid, naming the field, unless it can be saved; the row as it is stored, if it is. Tidies `choices`."""
    before = Attribute.objects.filter(pk=row.pk).first() if row.pk else None
    if not is_attribute_name(row.name):
        raise _wrong("name", _("A name has letters, digits, “_”, “-” and spaces only."))
    if before is not None and before.name != row.name:
        raise _wrong("name", _("The name of an attribute stays: filters and imports use it. Its label can change."))
    if Attribute.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        raise _wrong("name", _("There is already an attribute %(name)s.") % {"name": row.name})
    if not row.label.strip():
        raise _wrong("label", _("An attribute needs a label."))
    if row.kind not in Attribute.Kind.values:
        raise _wrong("kind", _("%(value)s is not one of %(names)s.") % _choices_of(row.kind))
    _check_choices(row)
    return before


def _check_choices(row: Attribute) -> None:
    if row.kind != Attribute.Kind.CHOICE:
        row.choices = []
        return
    good = isinstance(row.choices, list) and all(
        isinstance(entry, dict)
        and set(entry) == {"value", "label"}
        and all(isinstance(text, str) and text for text in entry.values())
        for entry in row.choices
    )
    if not good or not row.choices:
        raise _wrong("choices", _('A choice needs its values: [{"value": "gold", "label": "Gold"}].'))
    values = [entry["value"] for entry in row.choices]
    if len(set(values)) < len(values):
        raise _wrong("choices", _("Each value of a choice appears once."))


def _choices_of(kind: str) -> dict[str, str]:
    return {"value": str(kind)[:40], "names": ", ".join(Attribute.Kind.values)}


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: [message]})
