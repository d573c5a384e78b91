"""SQL expressions that mean the same on SQLite and PostgreSQL: text folding and order, and typed JSON attributes."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import BooleanField, CharField, F, FloatField, Func

Compiled = tuple[str, list[Any]]


class AsciiLower(Func):
    """Lower case for A to Z only: what SQLite's LOWER does, and PostgreSQL's in the C collation."""

    output_field = CharField()
    template = "LOWER(%(expressions)s)"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template='LOWER(%(expressions)s COLLATE "C")', **context)


class ByteOrder(Func):
    """The text, ordered by code point whatever the database's collation."""

    output_field = CharField()
    template = "(%(expressions)s COLLATE BINARY)"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template='(%(expressions)s COLLATE "C")', **context)


class Attribute(Func):
    """One key of a document as a value of one type; NULL when it is missing or of another type.

    The document is `Recipient.attributes` unless another expression is given. Subclasses give `sqlite` and
    `postgresql`, where {type} and {value} stand for the JSON type and the extracted value.
    """

    sqlite = "NULLIF({value}, '')"
    postgresql = "NULLIF({value}, '')"

    def __init__(self, name: str, document: Any = None) -> None:
        super().__init__(F("attributes") if document is None else document)
        self.name = name

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # The spelling that Django gives to keys when it stores the document: ASCII, other letters escaped.
        path = _literal(f"$.{json.dumps(self.name)}")
        return self._fill(compiler, self.sqlite, "JSON_TYPE({column}, {key})", "JSON_EXTRACT({column}, {key})", path)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        type_sql, value_sql = "JSONB_TYPEOF({column} -> {key}::text)", "({column} ->> {key}::text)"
        return self._fill(compiler, self.postgresql, type_sql, value_sql, _literal(self.name))

    def _fill(self, compiler: Any, template: str, type_sql: str, value_sql: str, key: str) -> Compiled:
        column, parameters = compiler.compile(self.source_expressions[0])
        names = {"column": column, "key": key}
        sql = template.format(type=type_sql.format(**names), value=value_sql.format(**names))
        return sql, [*parameters] * (template.count("{type}") + template.count("{value}"))


def _literal(text: str) -> str:
    """Not a parameter: only an expression that holds the key itself is the one of an index on it."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


class AnyAttribute(Attribute):
    """For `is_null`: NULL when there is no such key, or it holds null or an empty text."""

    output_field = CharField()


class TextAttribute(Attribute):
    output_field = CharField()
    sqlite = "CASE WHEN {type} = 'text' THEN {value} END"
    postgresql = "CASE WHEN {type} = 'string' THEN {value} END"


class NumberAttribute(Attribute):
    output_field = FloatField()
    sqlite = (
        "CASE WHEN {type} IN ('integer', 'real') AND ABS(CAST({value} AS REAL)) < 1e300 THEN CAST({value} AS REAL) END"
    )
    postgresql = (
        "CASE WHEN {type} = 'number' THEN"
        " CASE WHEN ABS({value}::numeric) < 1e300 THEN {value}::numeric::double precision END END"
    )


class BooleanAttribute(Attribute):
    output_field = BooleanField()
    sqlite = "CASE {type} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
    postgresql = "CASE WHEN {type} = 'boolean' THEN {value}::boolean END"


class DateAttribute(Attribute):
    """The first ten characters of a text that begins like 2025-10-06; such texts are ordered as their dates are."""

    output_field = CharField()
    sqlite = (
        "CASE WHEN {type} = 'text' AND {value} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
        " THEN SUBSTR({value}, 1, 10) END"
    )
    postgresql = (
        "(CASE WHEN {type} = 'string' AND {value} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'"
        ' THEN SUBSTR({value}, 1, 10) END COLLATE "C")'
    )
