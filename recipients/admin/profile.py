"""The first tab of a person: can we write to them, who they are, and what happened, day by day.

Apps downstream add sources to the timeline and cards beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import FORM, PROPERTIES, Tab
from common.registry import Registry
from recipients.admin.writing import consents_of, ways_of
from recipients.models import Attribute, Recipient, RecipientList, SubscriptionEvent
from recipients.query.one_person import shown

PAGE = 40
FIELDS = ("birth_date", "language", "gender", "country_code", "created_at")


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `url` is its page, `link` and `link_text` one question about it."""

    at: datetime
    title: Any
    line: str = ""
    icon: str = "circle-dot"
    tone: str = ""
    what: str = ""
    url: str = ""
    link: str = ""
    link_text: Any = ""


@dataclass(frozen=True)
class Look:
    """Which part of the timeline is asked for: what happened before an instant, at most so many of each source."""

    before: datetime | None
    most: int
    with_machines: bool


@dataclass(frozen=True)
class Source:
    """`find(request, recipient, look)` answers the latest entries first."""

    label: Any
    icon: str
    find: Callable[[HttpRequest, Recipient, Look], Iterable[Entry]]


# By the code that filters the timeline.
timeline_sources: Registry[Source] = Registry("timeline of a person")
# (request, recipient) -> safe HTML, or "" to show nothing.
profile_cards: Registry[Callable[[HttpRequest, Recipient], str]] = Registry("cards of a person")


def profile(request: HttpRequest, recipient: Recipient) -> dict[str, Any]:
    chosen = request.GET.get("show", "")
    look = Look(_instant(request.GET.get("before", "")), PAGE + 1, request.GET.get("machines") == "1")
    sources = [source for code, source in timeline_sources.items() if chosen not in timeline_sources or code == chosen]
    found = [entry for source in sources for entry in source.find(request, recipient, look)]
    entries = sorted(found, key=lambda entry: entry.at, reverse=True)
    page = entries[:PAGE]
    return {
        "ways": ways_of(recipient),
        "consents": consents_of(recipient),
        "facts": list(_facts(recipient)),
        "lists": list(RecipientList.objects.filter(members__recipient=recipient).order_by("label")[:20]),
        "cards": [html for html in (card(request, recipient) for card in profile_cards) if html],
        "chips": [("", gettext_lazy("All"), "")]
        + [(code, one.label, one.icon) for code, one in timeline_sources.items()],
        "chosen": chosen if chosen in timeline_sources else "",
        "with_machines": look.with_machines,
        "days": _by_day(page),
        "older": page[-1].at.isoformat() if len(entries) > PAGE else "",
        "is_later": look.before is not None,
    }


def _instant(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and is_aware(found) else None


def _by_day(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    days = groupby(entries, key=lambda entry: localtime(entry.at).date())
    return [(date_format(day, "l j F Y"), list(found)) for day, found in days]


def _facts(recipient: Recipient) -> Iterator[tuple[Any, str]]:
    """Label and value; attributes by their declared labels, those that nobody declared by their names."""
    for name in FIELDS:
        field: Any = Recipient._meta.get_field(name)
        value = getattr(recipient, name)
        label = dict(field.flatchoices).get(value) if value else None
        yield field.verbose_name, str(label or shown(localtime(value) if name == "created_at" else value))
    declared = {row.name: row for row in Attribute.objects.order_by("label")}
    values = recipient.attributes if isinstance(recipient.attributes, dict) else {}
    for name in [*(name for name in declared if name in values), *sorted(set(values) - set(declared))]:
        row = declared.get(name)
        choices = {entry["value"]: entry["label"] for entry in row.choices} if row is not None else {}
        value = values[name]
        yield (
            (row.label if row else name),
            str(choices.get(value, "") if isinstance(value, str) else "") or shown(value),
        )


def _consent(request: HttpRequest, recipient: Recipient, look: Look) -> Iterator[Entry]:
    rows = SubscriptionEvent.objects.filter(recipient=recipient).select_related("service")
    if look.before is not None:
        rows = rows.filter(at__lt=look.before)
    for event in rows.order_by("-at")[: look.most]:
        joined = event.action == SubscriptionEvent.Action.SUBSCRIBE
        yield Entry(
            at=event.at,
            title=event.get_action_display(),
            what=event.service.label,
            line=_("From: %(origin)s") % {"origin": event.origin} if event.origin else "",
            icon="user-plus" if joined else "user-minus",
            tone="run" if joined else "warn",
        )
    if look.before is None or recipient.created_at < look.before:
        yield Entry(at=recipient.created_at, title=_("Profile created"), icon="user", tone="wait")


timeline_sources.add("consent", Source(gettext_lazy("Consent"), "shield-check", _consent))
recipient_tabs: Registry[Tab] = Registry("tabs of a person")
recipient_tabs.add("profile", Tab(gettext_lazy("Profile"), "admin/recipients/recipient/profile.html", profile))
recipient_tabs.add(PROPERTIES, FORM)
