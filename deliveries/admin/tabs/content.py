"""The content as one person gets it, desktop and telephone side by side; and the versions of a continuous delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.admin import Tab
from deliveries.admin.preview import find_recipient
from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.content.preview import preview
from deliveries.models import Broadlog, ContentVersion, Delivery, DeliveryKind, Preparation, PreparationLog
from recipients.models import Recipient

VIEWS = (
    ("both", _("Both"), "monitor-smartphone"),
    ("desktop", _("Desktop"), "monitor"),
    ("mobile", _("Mobile"), "smartphone"),
    ("text", _("Text"), "text-search"),
)
_WRONG = [PreparationLog.Level.ERROR, PreparationLog.Level.WARNING]


@dataclass(frozen=True)
class Version:
    """A content version of a continuous delivery: from when to when it was used, and for how many messages."""

    row: ContentVersion
    since: datetime
    until: datetime | None
    messages: int
    url: str


def context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    view = request.GET.get("view", "both")
    view = view if view in {code for code, _label, _icon in VIEWS} else "both"
    term = request.GET.get("recipient", "").strip()
    versions = list(delivery.content_versions.order_by("-number"))
    chosen = _version(versions, request.GET.get("version", ""))
    person = _person(delivery, term)
    kept = {"view": view, "version": chosen.number if chosen else ""}
    return {
        "views": [(code, label, icon, _url(kept | {"view": code}, person)) for code, label, icon in VIEWS],
        "view": view,
        "term": term,
        "person": person,
        "is_unknown": bool(term) and person is None,
        "neighbours": _neighbours(delivery, person, kept),
        "version": chosen,
        "versions": _versions(delivery, versions, kept, person) if delivery.kind == DeliveryKind.CONTINUOUS else [],
        "frozen": chosen or (versions[0] if versions else None),
        "subject": _subject(delivery, chosen, person),
        "preview_url": _preview_url(delivery, chosen, person),
        **_checks(delivery),
    }


def _version(versions: list[ContentVersion], number: str) -> ContentVersion | None:
    return next((version for version in versions if str(version.number) == number), None)


def _person(delivery: Delivery, term: str) -> Recipient | None:
    """Whoever is asked for; without that, the first of the target, or of everybody before the analysis."""
    if term:
        return find_recipient(term)
    first = _target(delivery).order_by("recipient_id", "repeat").select_related("recipient").first()
    return first.recipient if first is not None and first.recipient is not None else find_recipient("")


def _target(delivery: Delivery) -> Any:
    return Broadlog.objects.filter(delivery=delivery, recipient__isnull=False)


def _neighbours(delivery: Delivery, person: Recipient | None, kept: dict[str, Any]) -> dict[str, str]:
    """The persons before and after in the target, by number: one look into the index each."""
    if person is None:
        return {}
    if delivery.targeted:
        people: Any = _target(delivery)
        name = "recipient_id"
    else:
        people, name = Recipient.objects.all(), "pk"
    before = people.filter(**{f"{name}__lt": person.pk}).order_by(f"-{name}").values_list(name, flat=True).first()
    after = people.filter(**{f"{name}__gt": person.pk}).order_by(name).values_list(name, flat=True).first()
    found = {"previous": before, "next": after}
    return {way: _url({**kept, "recipient": number}, None) for way, number in found.items() if number is not None}


def _url(kept: dict[str, Any], person: Recipient | None) -> str:
    given = {**({"recipient": person.pk} if person else {}), **kept}
    return "?" + urlencode({name: value for name, value in given.items() if value})


def _preview_url(delivery: Delivery, version: ContentVersion | None, person: Recipient | None) -> str:
    given = {"recipient": person.pk if person else "", "version": version.number if version else ""}
    query = urlencode({name: value for name, value in given.items() if value})
    address = reverse("admin:deliveries_delivery_preview", args=[delivery.pk])
    return f"{address}?{query}" if query else address


def _subject(delivery: Delivery, version: ContentVersion | None, person: Recipient | None) -> str:
    content = version or delivery
    if person is None:
        return content.subject
    try:
        return preview(content=content, recipient=person, label=delivery.label).subject
    except (RenderingFailed, NothingToSend):
        return content.subject


def _versions(
    delivery: Delivery, versions: list[ContentVersion], kept: dict[str, Any], person: Recipient | None
) -> list[Version]:
    """The latest first; each was used until the next one was made."""
    used = Preparation.objects.filter(delivery=delivery).order_by().values_list("content_version")
    numbers = dict(used.annotate(messages=Sum("to_deliver")))
    later: datetime | None = None
    found = []
    for row in versions:
        url = _url({**kept, "version": row.number}, person)
        found.append(Version(row, row.created_at, later, numbers.get(row.pk) or 0, url))
        later = row.created_at
    return found


def _checks(delivery: Delivery) -> dict[str, Any]:
    """What the last analysis found wrong with the content."""
    last = delivery.preparations.order_by("-number").first()
    lines = list(last.log.filter(level__in=_WRONG).order_by("pk")) if last is not None else []
    return {"analysis": last, "warnings": lines}


content_tab = Tab(_("Content"), "admin/deliveries/delivery/content.html", context)
