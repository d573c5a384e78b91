"""The log of one delivery, page by page in the order of its unique index: it stays still while messages leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import Tab
from common.badges import Badge
from common.figures import count
from common.registry import Registry
from deliveries.admin.badges import ACCOUNT, message_badge
from deliveries.models import Broadlog, Delivery, DeliveryKind, MessageStatus
from recipients.search import by_address
from recipients.vocabulary import FailureType

PAGE = 50
IN_DOUBT = "in_doubt"
ALWAYS = ("sent", "pending", "failed", "ignored")


@dataclass(frozen=True)
class Note:
    """What is known of one message besides its status: “opened 09:08”."""

    text: str
    icon: str
    tone: str = "mute"


# (messages of one delivery) -> number of the message -> note; apps downstream say what came back.
Noter = Callable[[Delivery, Sequence[Broadlog]], dict[int, Note]]
message_notes: Registry[Noter] = Registry("notes of messages")


@dataclass(frozen=True)
class Chip:
    label: Any
    number: str
    url: str
    is_on: bool
    badge: Badge | None = None


@dataclass(frozen=True)
class Row:
    message: Broadlog
    badge: Badge
    name: str
    answer: str
    reason: str
    note: Note | None
    why_url: str

    @property
    def is_in_doubt(self) -> bool:
        return self.message.in_doubt_since is not None


@dataclass(frozen=True)
class Page:
    rows: list[Broadlog]
    before: str
    after: str


def context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    status, term = request.GET.get("status", ""), request.GET.get("q", "").strip()
    page = _page(_filtered(delivery, status, term), request.GET, delivery)
    notes = _notes(delivery, page.rows)
    return {
        "chips": _chips(delivery, status, term),
        "status": status,
        "term": term,
        "rows": [_row(message, notes.get(message.pk)) for message in page.rows],
        "previous_url": _url(status, term, before=page.before) if page.before else "",
        "next_url": _url(status, term, after=page.after) if page.after else "",
        "first_url": _url(status, term) if page.before else "",
        "may_settle": request.user.has_perm("deliveries.start_delivery"),
        "may_export": request.user.has_perm("deliveries.view_broadlog"),
    }


def _chips(delivery: Delivery, status: str, term: str) -> list[Chip]:
    found = [Chip(_("All"), count(delivery.targeted), _url("", term), not status)]
    for slug, badge in ACCOUNT:
        number = getattr(delivery, slug)
        if number or slug in ALWAYS or slug == status:
            found.append(Chip(badge.label, count(number), _url(slug, term), slug == status, badge))
    return found


def _url(status: str, term: str, **cursor: str) -> str:
    given = {"status": status, "q": term, **cursor}
    return "?" + urlencode({name: value for name, value in given.items() if value})


def _filtered(delivery: Delivery, status: str, term: str) -> QuerySet[Broadlog]:
    rows = Broadlog.objects.filter(delivery=delivery)
    if status and not getattr(delivery, status, 0) and status in (IN_DOUBT, *MessageStatus.slugs()):
        # The counters move with the rows: looking for what isn't there would read the whole log.
        return rows.none()
    if status == IN_DOUBT:
        rows = rows.filter(status=MessageStatus.PENDING, in_doubt_since__isnull=False)
    elif status in MessageStatus.slugs():
        rows = rows.filter(status=MessageStatus.from_slug(status), in_doubt_since__isnull=True)
    return rows.filter(_wanted(term)) if term else rows


def _wanted(term: str) -> Q:
    """One person by number or by present address, else whoever was written to at this very address."""
    if term.isdigit():
        return Q(recipient_id=int(term))
    people = list(by_address(term).values_list("pk", flat=True)[:PAGE])
    return Q(recipient_id__in=people) if people else Q(address__iexact=term)


def _page(rows: QuerySet[Broadlog], query: Any, delivery: Delivery) -> Page:
    rows = rows.select_related("recipient")
    if delivery.kind == DeliveryKind.PROOF:
        # At most a hundred, and bare addresses are no people to go by.
        return Page(list(rows.order_by("recipient_id", "repeat", "pk")[: PAGE * 2]), "", "")
    before, after = _cursor(query.get("before", "")), _cursor(query.get("after", ""))
    if before is not None:
        found = list(_beyond(rows, before, "lt").order_by("-recipient_id", "-repeat")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        return Page(shown, _mark(shown[0]) if len(found) > PAGE else "", _mark(shown[-1]) if shown else "")
    if after is not None:
        rows = _beyond(rows, after, "gt")
    found = list(rows.order_by("recipient_id", "repeat")[: PAGE + 1])
    shown = found[:PAGE]
    has_more, is_later = len(found) > PAGE, after is not None
    return Page(shown, _mark(shown[0]) if is_later and shown else "", _mark(shown[-1]) if has_more else "")


def _cursor(text: str) -> tuple[int, int] | None:
    person, _dot, repeat = text.partition(".")
    return (int(person), int(repeat)) if person.isdigit() and repeat.isdigit() else None


def _mark(row: Broadlog) -> str:
    return f"{row.recipient_id or 0}.{row.repeat}"


def _beyond(rows: QuerySet[Broadlog], cursor: tuple[int, int], way: str) -> QuerySet[Broadlog]:
    person, repeat = cursor
    further = Q(**{f"recipient_id__{way}": person}) | Q(**{f"repeat__{way}": repeat})
    return rows.filter(**{f"recipient_id__{way}e": person}).filter(further)


def _notes(delivery: Delivery, rows: Sequence[Broadlog]) -> dict[int, Note]:
    found: dict[int, Note] = {}
    for noter in message_notes:
        found |= noter(delivery, rows)
    return found


def _row(message: Broadlog, note: Note | None) -> Row:
    person = message.recipient
    name = f"{person.first_name} {person.last_name}".strip() if person is not None else ""
    return Row(message, message_badge(message), name, _answer(message), _reason(message), note, _why_url(message))


def _answer(message: Broadlog) -> str:
    """What the server said, or where the message is without one."""
    if message.failure_detail:
        return message.failure_detail
    if message.status == MessageStatus.IGNORED:
        return _("kept out by the analysis")
    if message.status == MessageStatus.PENDING and message.in_doubt_since is None:
        return _("waits for its turn")
    return ""


def _reason(message: Broadlog) -> str:
    if message.failure_reason is None:
        return ""
    kind = FailureType(message.failure_type) if message.failure_type is not None else None
    shown = kind in (FailureType.HARD, FailureType.SOFT)
    return (
        f"{message.get_failure_reason_display()}, {str(kind.label).lower()}"
        if kind is not None and shown
        else str(message.get_failure_reason_display())
    )


def _why_url(message: Broadlog) -> str:
    if message.recipient_id is None:
        return ""
    try:
        return reverse("admin:deliveries_delivery_why", args=[message.delivery_id, message.recipient_id])
    except NoReverseMatch:
        return ""


def _count(delivery: Delivery) -> int:
    return delivery.targeted


logs_tab = Tab(gettext_lazy("Logs"), "admin/deliveries/delivery/logs.html", context, _count, "deliveries.view_broadlog")
