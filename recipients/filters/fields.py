"""Which names a filter may use, and what each is: an allow-list, so that no key of a document reaches the ORM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import ExpressionWrapper, F
from django.utils.translation import gettext as _

from recipients.filters.errors import FilterError, Path
from recipients.filters.expressions import (
    AnyAttribute,
    BooleanAttribute,
    DateAttribute,
    NumberAttribute,
    TextAttribute,
)
from recipients.filters.values import Kind

ATTRIBUTE_NAME = re.compile(r"\w[\w -]{0,99}")
PREFIX = "attributes."


@dataclass(frozen=True)
class Operand:
    """The left side of a comparison: a typed expression that may be NULL."""

    kind: Kind
    expression: Any
    nullable: bool = True
    # A date kept as text inside a JSON document.
    textual_date: bool = False


@dataclass(frozen=True)
class Column:
    """A name of the allow-list: one column of the table."""

    kind: Kind
    column: str
    nullable: bool

    def operand(self) -> Operand:
        expression = ExpressionWrapper(F(self.column), output_field=OUTPUT_FIELDS[self.kind]())
        return Operand(self.kind, expression, self.nullable)


@dataclass(frozen=True)
class AttributeField:
    """A key of a JSON document, that of the recipient's attributes unless another expression is given.

    The value that it is compared with says its type.
    """

    name: str
    document: Any = None

    def operand(self, kind: Kind) -> Operand:
        return Operand(kind, ATTRIBUTES[kind](self.name, self.document), textual_date=kind is Kind.DATE)

    def presence(self) -> Operand:
        return Operand(Kind.TEXT, AnyAttribute(self.name, self.document))


@dataclass(frozen=True)
class Document:
    """Names beyond those of recipients, for one filter: `<prefix><name>` is a key of this JSON expression."""

    prefix: str
    expression: Any


@dataclass(frozen=True)
class FieldSet:
    """The names that may be used at one place of a document."""

    columns: Mapping[str, Column]
    attributes: bool = False
    document: Document | None = None

    def get(self, name: Any, path: Path) -> Column | AttributeField:
        if isinstance(name, str) and name in self.columns:
            return self.columns[name]
        if self.attributes and isinstance(name, str) and name.startswith(PREFIX):
            return AttributeField(_key(name, PREFIX, path))
        if self.document is not None and isinstance(name, str) and name.startswith(self.document.prefix):
            return AttributeField(_key(name, self.document.prefix, path), self.document.expression)
        raise FilterError(_("Unknown field: %(name)s.") % {"name": str(name)[:100]}, path)


def _key(name: str, prefix: str, path: Path) -> str:
    key = name.removeprefix(prefix)
    if not is_attribute_name(key):
        raise FilterError(_("Unknown field: %(name)s.") % {"name": name[: len(prefix) + 100]}, path)
    return key


def is_attribute_name(name: str) -> bool:
    """Letters, digits, “_”, “-” and spaces, at most 100 of them: what can be named in a filter and in an import."""
    return ATTRIBUTE_NAME.fullmatch(name) is not None


def model_fields(model: type[models.Model]) -> FieldSet:
    """The columns of a model that can be compared: texts, numbers, booleans, dates; a foreign key is its number."""
    columns = {}
    for field in model._meta.concrete_fields:
        kind = _kind(field)
        if kind is not None:
            columns[field.name] = Column(kind, field.attname, field.null)
    return FieldSet(columns)


def recipient_fields(document: Document | None = None) -> FieldSet:
    from recipients.models import Recipient

    columns = dict(model_fields(Recipient).columns)
    for name in ("email", "sms", "push", "file", "all"):
        columns[f"denylist.{name}"] = columns[f"denylist_{name}"]
    return FieldSet(columns, attributes=True, document=document)


def _kind(field: Any) -> Kind | None:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return next((kind for types, kind in KINDS if isinstance(target, types)), None)


KINDS: list[tuple[tuple[type[Any], ...], Kind]] = [
    ((models.CharField, models.TextField), Kind.TEXT),
    ((models.IntegerField,), Kind.INTEGER),
    ((models.DecimalField, models.FloatField), Kind.NUMBER),
    ((models.BooleanField,), Kind.BOOLEAN),
    ((models.DateTimeField,), Kind.DATETIME),
    ((models.DateField,), Kind.DATE),
]
OUTPUT_FIELDS: dict[Kind, type[models.Field[Any, Any]]] = {
    Kind.TEXT: models.CharField,
    Kind.INTEGER: models.BigIntegerField,
    Kind.NUMBER: models.FloatField,
    Kind.BOOLEAN: models.BooleanField,
    Kind.DATE: models.DateField,
    Kind.DATETIME: models.DateTimeField,
}
ATTRIBUTES: dict[Kind, type[Any]] = {
    Kind.TEXT: TextAttribute,
    Kind.NUMBER: NumberAttribute,
    Kind.BOOLEAN: BooleanAttribute,
    Kind.DATE: DateAttribute,
}
