"""A schedule and its policies as sentences: “every Thursday at 18:00”."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations.occurrences import Crontab, Schedule, clauses, parse_crontab

HOURS, MINUTES = range(24), range(60)
# So many times of day are listed one by one.
LISTED = 6
ALL_DAYS, ALL_WEEKDAYS, ALL_MONTHS = 31, 7, 12
WORKING_DAYS = frozenset({1, 2, 3, 4, 5})


def schedule_sentence(schedule: Schedule, zone: str = "") -> str:
    """When a valid schedule comes due, in the active language; with a zone, it is named."""
    sentence = "; ".join(_clause(clause) for clause in clauses(schedule))
    return _("%(when)s, %(zone)s") % {"when": sentence, "zone": zone} if zone else sentence


def policy_sentences(config: Mapping[str, Any]) -> list[str]:
    """What happens to runs that overlap, and to late ones, as a scheduler's configuration says."""
    grace = config.get("grace_minutes", 60)
    late = ngettext("at most %(count)d minute late", "at most %(count)d minutes late", grace) % {"count": grace}
    overlap = {
        "skip": _("When the previous run is still at work, the new one is skipped."),
        "queue": _("When the previous run is still at work, the new one waits for it; one waits at most."),
        "parallel": _("Runs may be at work at the same time."),
    }
    missed = {
        "latest": _("Of the runs that were missed, the latest one is made up for if it is %(late)s."),
        "all": _("Runs that were missed are all made up for, one after the other, if they are %(late)s."),
        "skip": _("Runs that were missed are not made up for; a run counts as missed unless it is %(late)s."),
    }
    return [overlap[config.get("overlap", "skip")], missed[config.get("missed", "latest")] % {"late": late}]


def _clause(clause: Schedule) -> str:
    if "crontab" in clause:
        return _crontab(parse_crontab(clause["crontab"]))
    if "at" in clause:
        return _once(str(clause["at"]))
    return _interval(int(clause["every"]), clause["period"])


def _once(text: str) -> str:
    moment = datetime.fromisoformat(text)
    offset = f" {moment:%z}" if moment.tzinfo else ""
    values = {"day": date_format(moment, "DATE_FORMAT"), "time": f"{moment:%H:%M}{offset}"}
    return _("once, on %(day)s at %(time)s") % values


def _interval(count: int, period: str) -> str:
    sentences = {
        "minutes": ngettext("every minute", "every %(count)d minutes", count),
        "hours": ngettext("every hour", "every %(count)d hours", count),
        "days": ngettext("every day", "every %(count)d days", count),
        "weeks": ngettext("every week", "every %(count)d weeks", count),
    }
    return _("%(interval)s from the start") % {"interval": sentences[period] % {"count": count}}


def _crontab(crontab: Crontab) -> str:
    sentence = _("%(days)s %(times)s") % {"days": _days(crontab), "times": _times(crontab)}
    if len(crontab.months) == ALL_MONTHS:
        return sentence
    months = _enumeration(str(MONTHS[month]) for month in sorted(crontab.months))
    return _("%(when)s in %(months)s") % {"when": sentence, "months": months}


def _days(crontab: Crontab) -> str:
    every_day, every_weekday = len(crontab.days) == ALL_DAYS, len(crontab.weekdays) == ALL_WEEKDAYS
    days = _enumeration(str(day) for day in sorted(crontab.days))
    weekdays = _weekdays(crontab.weekdays)
    if every_day and every_weekday:
        return _("every day")
    if every_day:
        return _("every %(weekdays)s") % {"weekdays": weekdays}
    numbers = ngettext("on day %(days)s of the month", "on days %(days)s of the month", len(crontab.days))
    numbers %= {"days": days}
    if every_weekday:
        return numbers
    return _("%(days)s if it is a %(weekdays)s") % {"days": numbers, "weekdays": weekdays}


def _weekdays(numbers: frozenset[int]) -> str:
    if numbers == WORKING_DAYS:
        return _("day from Monday to Friday")
    # Monday first; Sunday is 0.
    ordered = sorted(numbers, key=lambda number: (number - 1) % 7)
    return _enumeration((str(WEEKDAYS[(number - 1) % 7]) for number in ordered), last=_("%(list)s or %(last)s"))


def _times(crontab: Crontab) -> str:
    hours, minutes = crontab.hours, crontab.minutes
    if len(hours) * len(minutes) <= LISTED:
        times = _enumeration(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)
        return _("at %(times)s") % {"times": times}
    step = _step(minutes, MINUTES)
    if step and _step(hours, hours[:1]) == 1:
        return _between(
            _interval_words(step, "minutes"), hours, f"{hours[0]:02}:00", f"{hours[-1]:02}:{minutes[-1]:02}"
        )
    step = _step(hours, hours[:1])
    if step and len(minutes) == 1:
        words = _interval_words(step, "hours")
        return _between(words, hours, f"{hours[0]:02}:{minutes[0]:02}", f"{hours[-1]:02}:{minutes[0]:02}")
    values = {
        "minutes": _enumeration(f"{minute:02}" for minute in minutes),
        "hours": _enumeration(f"{hour:02}" for hour in hours),
    }
    return _("at minutes %(minutes)s of the hours %(hours)s") % values


def _step(numbers: Sequence[int], whole: Sequence[int]) -> int:
    """The distance between neighbours where it is always the same, and (of a whole range) closes the circle; else 0."""
    distances = {second - first for first, second in pairwise(numbers)}
    if len(distances) != 1 and len(numbers) > 1:
        return 0
    step = distances.pop() if distances else 1
    closes = len(whole) < 2 or (numbers[0] == whole[0] and numbers[-1] + step > whole[-1] and not len(whole) % step)
    return step if closes else 0


def _interval_words(count: int, period: str) -> str:
    sentences = {
        "minutes": ngettext("every minute", "every %(count)d minutes", count),
        "hours": ngettext("every hour", "every %(count)d hours", count),
    }
    return sentences[period] % {"count": count}


def _between(words: str, hours: Sequence[int], first: str, last: str) -> str:
    if len(hours) == len(HOURS):
        return words
    return _("%(interval)s from %(first)s to %(last)s") % {"interval": words, "first": first, "last": last}


def _enumeration(texts: Iterable[str], last: str = "") -> str:
    *others, end = list(texts)
    if not others:
        return end
    return (last or _("%(list)s and %(last)s")) % {"list": ", ".join(others), "last": end}
