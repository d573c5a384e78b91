"""Values of a comparison: what the document says becomes a typed Python value, or an error that names the place."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recipients.filters.context import FilterContext
from recipients.filters.errors import FilterError, Path
from recipients.filters.limits import MAX_LIST, MAX_TEXT

D = TypeVar("D", bound=date)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MAX_DAYS = 36_500
# Beyond it databases differ in what they do with a number.
MAX_NUMBER = 1e300


class Kind(Enum):
    TEXT = gettext_noop("text")
    INTEGER = gettext_noop("whole number")
    NUMBER = gettext_noop("number")
    BOOLEAN = gettext_noop("true or false")
    DATE = gettext_noop("date")
    DATETIME = gettext_noop("date or time")


def read_value(kind: Kind, value: Any, context: FilterContext, path: Path) -> Any:
    return READERS[kind](value, context, path)


def read_list(kind: Kind, value: Any, context: FilterContext, path: Path) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise FilterError(_("A list with at least one value is needed here."), path)
    if len(value) > MAX_LIST:
        raise FilterError(_("A list has at most %(count)d values.") % {"count": MAX_LIST}, path)
    return [read_value(kind, item, context, (*path, at)) for at, item in enumerate(value)]


def read_pair(kind: Kind, value: Any, context: FilterContext, path: Path) -> list[Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise FilterError(_("“between” needs a list of two values."), path)
    return read_list(kind, value, context, path)


def read_days(value: Any, path: Path, *, minimum: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= MAX_DAYS:
        raise FilterError(
            _("A whole number of days from %(minimum)d to %(maximum)d is needed here.")
            % {"minimum": minimum, "maximum": MAX_DAYS},
            path,
        )
    return value


def read_id(value: Any, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise FilterError(_("A number (the id of a row) is needed here."), path)
    return value


def kind_of(value: Any, path: Path) -> Kind:
    """The kind that a value of the document has by itself; attributes have no other type."""
    items = value if isinstance(value, list) else [value]
    kinds = {_kind_of_one(item, path) for item in items}
    if Kind.DATE in kinds:
        return Kind.DATE
    if len(kinds) != 1:
        raise FilterError(_("The values of one list must be of one type."), path)
    return kinds.pop()


def _kind_of_one(value: Any, path: Path) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, int | float):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.TEXT
    if isinstance(value, dict):
        return Kind.DATE
    raise FilterError(_("A value is needed here."), path)


def _text(value: Any, context: FilterContext, path: Path) -> str:
    if not isinstance(value, str):
        raise _wrong_type(Kind.TEXT, value, path)
    if UNSTORABLE.search(value) or len(value) > MAX_TEXT:
        raise FilterError(_("This text is too long or holds characters that no text has."), path)
    return value


def _integer(value: Any, context: FilterContext, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(Kind.INTEGER, value, path)
    if not -(2**63) <= value < 2**63:
        raise FilterError(_("This number is too large."), path)
    return value


def _number(value: Any, context: FilterContext, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(Kind.NUMBER, value, path)
    # Not true of “not a number” either.
    if not abs(value) < MAX_NUMBER:
        raise FilterError(_("This number is too large."), path)
    return float(value)


def _boolean(value: Any, context: FilterContext, path: Path) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(Kind.BOOLEAN, value, path)
    return value


def _date(value: Any, context: FilterContext, path: Path) -> date:
    if isinstance(value, dict):
        return _relative_date(value, context, path)
    if not isinstance(value, str):
        raise _wrong_type(Kind.DATE, value, path)
    try:
        return _in_calendar(date.fromisoformat(value), path)
    except ValueError:
        raise FilterError(_("%(value)s is not a date such as 2025-10-06.") % {"value": value[:40]}, path) from None


def _relative_date(value: dict[str, Any], context: FilterContext, path: Path) -> date:
    if list(value) != ["today"]:
        raise FilterError(_('A date is a text such as 2025-10-06, or {"today": 0}.'), path)
    days = read_days(value["today"], (*path, "today"), minimum=-MAX_DAYS)
    return context.today + timedelta(days=days)


def _in_calendar(day: D, path: Path) -> D:
    # A day's bounds in a zone must stay within what databases can store.
    if not 1000 <= day.year < 9000:
        raise FilterError(_("This date is too far away."), path)
    return day


def _moment(value: Any, context: FilterContext, path: Path) -> date | datetime:
    """A date stands for the whole day in the context's zone; a time without a zone is in that zone."""
    if isinstance(value, dict) or (isinstance(value, str) and len(value) <= len("2025-10-06")):
        return _date(value, context, path)
    if not isinstance(value, str):
        raise _wrong_type(Kind.DATETIME, value, path)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        message = _("%(value)s is not a time such as 2025-10-06T08:00:00+02:00.") % {"value": value[:40]}
        raise FilterError(message, path) from None
    _in_calendar(moment, path)
    return moment if moment.tzinfo else moment.replace(tzinfo=context.zone)


def _wrong_type(kind: Kind, value: Any, path: Path) -> FilterError:
    shown = type(value).__name__ if isinstance(value, dict | list) else str(value)[:40]
    return FilterError(
        _("%(value)s is the wrong type of value here (expected: %(kind)s).") % {"value": shown, "kind": _(kind.value)},
        path,
    )


READERS: dict[Kind, Callable[[Any, FilterContext, Path], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: _moment,
}
