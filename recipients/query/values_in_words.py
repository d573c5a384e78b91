"""The values of a filter in words: texts in quotation marks, numbers and dates as a reader writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SHOWN = 5


def value_in_words(value: Any) -> str:
    if isinstance(value, dict):
        if "parameter" in value:
            return _("the parameter “%(name)s”") % {"name": value["parameter"]}
        return relative_day(value.get("today", 0))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number(value)
    return day_or_text(str(value))


def number(value: float) -> str:
    return str(number_format(value, use_l10n=True, force_grouping=abs(value) >= 1000))


def quoted(text: Any) -> str:
    return _("“%(text)s”") % {"text": text}


def day_or_text(text: str) -> str:
    return quoted(text) if text else _("an empty text")


def moment_in_words(value: Any) -> str:
    """A day or an instant of a date field."""
    if not isinstance(value, str):
        return value_in_words(value)
    try:
        if len(value) <= len("2025-10-06"):
            return str(date_format(date.fromisoformat(value), "DATE_FORMAT"))
        return str(date_format(datetime.fromisoformat(value), "DATETIME_FORMAT"))
    except ValueError:
        return quoted(value)


def relative_day(days: Any) -> str:
    if not isinstance(days, int) or isinstance(days, bool):
        return value_in_words(days)
    named = {0: _("today"), -1: _("yesterday"), 1: _("tomorrow")}
    if days in named:
        return named[days]
    if days < 0:
        return ngettext("%(count)d day ago", "%(count)d days ago", -days) % {"count": -days}
    return ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}


def joined(items: Sequence[str], last: str) -> str:
    """`a, b and c`; a long list ends with how many more there are. `last`: the word before the last, or ","."""
    shown = list(items)
    if len(items) > SHOWN + 1:
        more = len(items) - SHOWN
        shown = [*items[:SHOWN], ngettext("%(count)d other", "%(count)d others", more) % {"count": more}]
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"
