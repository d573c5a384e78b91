"""How many people a filter selects, in time: exactly, else about, from a sample, else “more than so many”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from recipients.filters import FilterContext, condition
from recipients.models import Recipient
from recipients.query.sample import base_size, sample_of
from recipients.query.time_box import OutOfTime, time_box

AT_LEAST = 1_000


@dataclass(frozen=True)
class Patience:
    """How long to wait for the exact answer and then for a sample (seconds), and how large a sample is."""

    exact: float
    sampled: float
    sample: int


# While somebody types, and when they ask for the count.
LIVE = Patience(exact=0.8, sampled=0.8, sample=20_000)
EXACT = Patience(exact=5.0, sampled=5.0, sample=100_000)


@dataclass(frozen=True)
class Count:
    """`number` people; `how`: exact, sampled (about), at_least, or unknown (then 0)."""

    number: int
    how: str

    def text(self) -> str:
        shown = {"number": number_format(self.number, use_l10n=True, force_grouping=True)}
        texts = {
            "exact": "%(number)s",
            "sampled": _("about %(number)s (sample)"),
            "at_least": _("more than %(number)s"),
            "unknown": _("too long to count"),
        }
        return texts[self.how] % shown


def count(
    document: Any, context: FilterContext, patience: Patience = EXACT, parameters: Mapping[str, Any] | None = None
) -> Count:
    """How many of the whole base the filter selects at this instant. Raises FilterError."""
    asked = condition(document, context, parameters)
    for attempt in (_exact, _sampled, _at_least):
        try:
            return attempt(asked, patience)
        except OutOfTime:
            continue
    return Count(0, "unknown")


def _exact(asked: Q, patience: Patience) -> Count:
    with time_box(patience.exact):
        return Count(Recipient.objects.filter(asked).order_by().count(), "exact")


def _sampled(asked: Q, patience: Patience) -> Count:
    with time_box(patience.sampled):
        sample = sample_of(patience.sample, base_size())
        number = sample.rows.filter(asked).count()
    return Count(rounded(number * sample.one_in), "sampled" if sample.is_partial else "exact")


def _at_least(asked: Q, patience: Patience) -> Count:
    with time_box(patience.exact / 2):
        found = Recipient.objects.filter(asked).order_by().values("pk")[:AT_LEAST].count()
    return Count(found, "exact" if found < AT_LEAST else "at_least")


def rounded(number: int) -> int:
    """Two figures that mean something: 41,237 from a sample is 41,000."""
    step = int(10 ** max(len(str(number)) - 2, 0))
    return round(number / step) * step
