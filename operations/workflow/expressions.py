"""The conditions of a test: comparisons, `and`, `or`, `not`, `+` and `-` over count, scheduled_for and vars.

`scheduled_for` has year, month, day, weekday (Monday is 1), hour and minute, and date and time as text ("2026-12-24",
"06:00"), in the workflow's zone. Nothing can be called, and evaluation is bounded: the language is that of
personalisation, less what an expression does not need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import minijinja
from django.utils.translation import gettext as _

from common.errors import Invalid

FUEL = 10_000
MAXIMUM_LENGTH = 1_000
MAXIMUM_NESTING = 50
PARTS = ("year", "month", "day", "weekday", "hour", "minute", "date", "time")
NAMES = ("count", "scheduled_for", "vars")
WORDS = frozenset({"and", "or", "not", "in", "true", "false", "none"})
TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)(?![\w.])
      | (?P<text>"[^"\\\n]*"|'[^'\\\n]*')
      | (?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<operator>==|!=|<=|>=|<|>|\+|-|\(|\))
    )""",
    re.VERBOSE,
)


class InvalidExpression(Invalid):
    """The expression can't be understood, or can't be evaluated on these values."""

    code = "invalid_expression"


@dataclass(frozen=True)
class Values:
    """What an expression sees."""

    count: int
    scheduled_for: datetime
    vars: Mapping[str, Any]

    def context(self) -> dict[str, Any]:
        moment = self.scheduled_for
        numbers = (moment.year, moment.month, moment.day, moment.isoweekday(), moment.hour, moment.minute)
        parts = (*numbers, moment.date().isoformat(), f"{moment:%H:%M}")
        # Names that begin with "_" are the engine's own.
        visible = {name: value for name, value in self.vars.items() if not name.startswith("_")}
        return {"count": self.count, "scheduled_for": dict(zip(PARTS, parts, strict=True)), "vars": visible}


SOME_VALUES = Values(1, datetime(2025, 10, 6, 6, 0), {})


def validate(expression: str) -> None:
    """Raise InvalidExpression, with what is wrong, unless the expression can be evaluated."""
    evaluate(expression, SOME_VALUES)


def evaluate(expression: str, values: Values) -> bool:
    """Whether the condition holds. Raises InvalidExpression."""
    return bool(value_of(expression, values))


def value_of(expression: str, values: Values) -> Any:
    """What the expression is worth; None for a variable that nobody set. Raises InvalidExpression."""
    _check(expression)
    engine = minijinja.Environment(fuel=FUEL, undefined_behavior="chainable")
    try:
        return engine.eval_expr(expression, **values.context())
    except minijinja.TemplateError as error:
        raise _invalid(expression, str(error).partition(" (in <expression>")[0]) from error


def _check(expression: str) -> None:
    if not expression.strip() or len(expression) > MAXIMUM_LENGTH:
        length = _("an expression has 1 to %(maximum)d characters") % {"maximum": MAXIMUM_LENGTH}
        raise _invalid(expression[:50], length)
    if expression.count("(") > MAXIMUM_NESTING or expression.count("-") + expression.count("not") > MAXIMUM_NESTING:
        raise _invalid(expression[:50], _("too deeply nested"))
    previous = ""
    for kind, token in _tokens(expression):
        if kind == "path":
            _check_name(expression, token)
        if token == "(" and (previous == ")" or (previous and previous[-1].isalnum() and previous not in WORDS)):
            raise _invalid(expression, _("nothing can be called"))
        previous = token


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(expression.rstrip())
    while position < end:
        match = TOKEN.match(expression, position)
        if match is None:
            rest = expression[position:].strip()
            raise _invalid(expression, _("“%(rest)s” is not allowed here") % {"rest": rest[:20]})
        yield str(match.lastgroup), match.group(str(match.lastgroup))
        position = match.end()


def _check_name(expression: str, path: str) -> None:
    if path in WORDS:
        return
    name, *parts = path.split(".")
    if name not in NAMES:
        message = _("there is no “%(name)s”; there are %(names)s")
        raise _invalid(expression, message % {"name": name, "names": ", ".join(NAMES)})
    known = {"count": len(parts) == 0, "vars": len(parts) == 1}
    if not known.get(name, len(parts) == 1 and parts[0] in PARTS):
        message = _("“%(path)s” is unknown; write count, vars.<name>, or scheduled_for with one of %(parts)s")
        raise _invalid(expression, message % {"path": path, "parts": ", ".join(PARTS)})


def _invalid(expression: str, why: str) -> InvalidExpression:
    return InvalidExpression(_("“%(expression)s”: %(why)s.") % {"expression": expression, "why": why})
