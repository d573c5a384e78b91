"""Values of JSON documents in SQL, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import CharField, Func, JSONField, TextField, Value

from recipients.filters.expressions import Attribute


class JsonBoolean(Func):
    """SQLite has no booleans of its own, JSON has."""

    output_field = JSONField()
    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "JSON(CASE %(expressions)s WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)"
        return self.as_sql(compiler, connection, template=template, **context)


class DayOfCalendar(Func):
    """A text that is written like 2025-10-06, if there is such a day; else NULL."""

    output_field = CharField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # With a modifier SQLite makes 2025-03-02 of 2025-02-30.
        same = "{text} >= '0001' AND DATE({text}, '+0 days') = {text}"
        return self._fill(compiler, f"(CASE WHEN {same} THEN {{text}} END)")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        first = "MAKE_DATE(SUBSTR({text}, 1, 4)::int, SUBSTR({text}, 6, 2)::int, 1)"
        last = f"EXTRACT(DAY FROM {first} + INTERVAL '1 month' - INTERVAL '1 day')"
        day = "SUBSTR({text}, 9, 2)"
        month = "SUBSTR({text}, 6, 2)"
        # Nested: a month that does not exist has no last day.
        return self._fill(
            compiler,
            f"(CASE WHEN SUBSTR({{text}}, 1, 4) >= '0001' AND {month} >= '01' AND {month} <= '12' AND {day} >= '01'"
            f" THEN CASE WHEN {day}::int <= {last} THEN {{text}} END END)",
        )

    def _fill(self, compiler: Any, template: str) -> tuple[str, list[Any]]:
        text, parameters = compiler.compile(self.source_expressions[0])
        return template.replace("{text}", text), [*parameters] * template.count("{text}")


class IsoMoment(Func):
    """A moment as text, in UTC."""

    output_field = CharField()
    template = "STRFTIME('%%%%Y-%%%%m-%%%%dT%%%%H:%%%%M:%%%%S+00:00', %(expressions)s)"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "TO_CHAR(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
        return self.as_sql(compiler, connection, template=template, **context)


class JsonKey(Attribute):
    """One key of a document, of whatever type, as JSON; NULL when it is missing, null or an empty text."""

    output_field = JSONField()
    sqlite = (
        "JSON(CASE {type} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN NULL"
        " WHEN 'text' THEN JSON_QUOTE(NULLIF({value}, '')) ELSE {value} END)"
    )

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, parameters = super().as_sqlite(compiler, connection, **context)
        # JSON_QUOTE makes the word null of a missing value.
        return f"NULLIF({sql}, 'null')", parameters

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        sql = f"(CASE WHEN ({column} ->> %s::text) <> '' THEN {column} -> %s::text END)"
        return sql, [*parameters, self.name, *parameters, self.name]


class JsonText(Func):
    """A constant of a document."""

    output_field = JSONField()
    function = "JSON"

    def __init__(self, value: Any) -> None:
        super().__init__(Value(json.dumps(value, ensure_ascii=False), output_field=TextField()))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)::jsonb", **context)


class Merged(Func):
    """Two objects as one; the second's values win."""

    output_field = JSONField()
    arity = 2
    function = "JSON_PATCH"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" || ", **context)


class WithKey(Func):
    """The document with this key, whose JSON value is not NULL."""

    output_field = JSONField()

    def __init__(self, document: Any, name: str, value: Any) -> None:
        super().__init__(document, value)
        self.name = name

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # The spelling that Django gives to keys when it stores the document.
        return self._fill(compiler, "JSON_PATCH({}, JSON('{{' || %s || ':' || {} || '}}'))", json.dumps(self.name))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._fill(compiler, "({} || JSONB_BUILD_OBJECT(%s::text, {}))", self.name)

    def _fill(self, compiler: Any, template: str, key: str) -> tuple[str, list[Any]]:
        document, value = (compiler.compile(expression) for expression in self.source_expressions)
        return template.format(document[0], value[0]), [*document[1], key, *value[1]]
