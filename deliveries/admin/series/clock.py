"""Where summer time begins or ends between two runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _


def change_between(earlier: datetime, later: datetime, zone: ZoneInfo) -> str:
    """“25 October: back to winter time. …” when the clocks changed in between, else an empty text."""
    first, second = earlier.astimezone(zone), later.astimezone(zone)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return ""
    values = {
        "day": date_format(_moment(earlier, later, zone).astimezone(zone), "j F"),
        "time": f"{second:%H:%M}",
        "zone": zone.key,
    }
    went_back = _("%(day)s: back to winter time.") % values
    fact = went_back if after < before else _("%(day)s: summer time begins.") % values
    if first.time() == second.time():
        return fact + " " + _("The run stays at %(time)s, %(zone)s.") % values
    return fact + " " + _("The run moves to %(time)s, %(zone)s.") % values


def _moment(earlier: datetime, later: datetime, zone: ZoneInfo) -> datetime:
    """The change itself, to the minute."""
    offset = earlier.astimezone(zone).utcoffset()
    while later - earlier > timedelta(minutes=1):
        middle = earlier + (later - earlier) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            earlier = middle
        else:
            later = middle
    return later
