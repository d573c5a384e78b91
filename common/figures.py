"""Figures as people read them: grouped counts, shares that never round something to nothing."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

NOT_KNOWN = "–"


def count(number: float | None) -> str:
    """3412 → “3,412”; None is not known yet."""
    return NOT_KNOWN if number is None else _grouped(round(number), get_language())


@lru_cache(maxsize=4096)
def _grouped(number: int, language: str | None) -> str:
    # A list has hundreds of figures, the same small ones again and again; only the language changes them.
    return str(number_format(number, use_l10n=True, force_grouping=True))


def percent(share: float | None, decimals: int = 1) -> str:
    """0.62 → “62.0%”; a share too small to show is “<0.1%”, and 0 only what is nothing."""
    if share is None:
        return NOT_KNOWN
    smallest = 10**-decimals
    if 0 < share * 100 < smallest:
        return _("<%(number)s%%") % {"number": number_format(smallest, decimals, use_l10n=True)}
    if smallest > (1 - share) * 100 > 0:
        share = 1 - smallest / 100
    return _("%(number)s%%") % {"number": number_format(round(share * 100, decimals), decimals, use_l10n=True)}


def share_of(part: int, whole: int) -> str:
    """The part as a percentage of the whole; not known where the whole is nothing."""
    return percent(part / whole if whole else None)


def short_day(day: date) -> str:
    """21 November → “21 Nov”, in French “21 nov”: the label of an axis."""
    return date_format(day, "j N").rstrip(".")
