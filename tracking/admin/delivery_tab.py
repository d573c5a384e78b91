"""What came back from a delivery: people and machines apart, links, and curves after the contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.admin import Tab
from common.charts import Line, Part, line_chart, progress_bar, share_bar
from common.figures import count, share_of
from deliveries.admin.tabs import delivery_tabs
from deliveries.models import Delivery, TrackedUrl
from deliveries.progress import SUCCESS
from tracking.models import DeliveryHour, HitKind, TrackingLog, Verdict
from tracking.robots import RULES_VERSION
from tracking.verdicts import MACHINES

HOURS = (24, 72)
LINKS = 50
# Of the normal distribution: 19 in 20 lie within.
_SURENESS = 1.96


@dataclass(frozen=True)
class Figures:
    """Numbers of messages; those that only an image proxy told of are among the opened ones, machines' are not."""

    sent: int
    opened: int
    proxied: int
    machines: int
    clicked: int
    unsubscribed: int

    @property
    def unopened(self) -> int:
        return max(self.sent - self.opened - self.machines, 0)


def context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    hours = list(DeliveryHour.objects.filter(delivery_id=delivery.pk).order_by("hour"))
    figures = _figures(delivery, hours)
    length = HOURS[1] if request.GET.get("hours") == str(HOURS[1]) else HOURS[0]
    is_raw = request.GET.get("figures") == "raw"
    return {
        "figures": figures,
        "tiles": _tiles(figures),
        "bar": _opener_bar(figures),
        "links": _links(delivery),
        "hours": length,
        "lengths": HOURS,
        "curve": _curve(hours, figures, length),
        "rules_version": RULES_VERSION,
        "is_raw": is_raw,
        "raw": _raw(delivery) if is_raw else [],
    }


def _figures(delivery: Delivery, hours: Sequence[DeliveryHour]) -> Figures:
    return Figures(
        sent=sum(getattr(delivery, name) for name in SUCCESS),
        opened=delivery.opened,
        proxied=sum(hour.proxy_opens for hour in hours),
        machines=sum(hour.machine_opens for hour in hours),
        clicked=delivery.clicked,
        unsubscribed=delivery.unsubscribed,
    )


def _tiles(figures: Figures) -> list[tuple[Any, str, str]]:
    """Label, figure, note."""
    opened = share_of(figures.opened, figures.sent)
    people = _messages(figures.opened)
    return [
        (_("Handed over"), count(figures.sent), ""),
        (_("Human opens"), opened, " ".join(part for part in (people, _interval(figures)) if part)),
        (
            _("Clicks"),
            share_of(figures.clicked, figures.sent),
            _messages(figures.clicked),
        ),
        (_("Reactivity"), share_of(figures.clicked, figures.opened), _("clicks / human opens")),
        (_("Unsubscribed"), count(figures.unsubscribed), share_of(figures.unsubscribed, figures.sent)),
    ]


def _messages(number: int) -> str:
    return ngettext("%(number)s message", "%(number)s messages", number) % {"number": count(number)}


def _interval(figures: Figures) -> str:
    if not figures.sent or not figures.opened:
        return ""
    share = min(figures.opened / figures.sent, 1)
    points = _SURENESS * sqrt(share * (1 - share) / figures.sent) * 100
    return _("± %(points)s pt") % {"points": number_format(points, 1, use_l10n=True)}


def _opener_bar(figures: Figures) -> tuple[SafeString, list[tuple[Part, str]]]:
    certain = max(figures.opened - figures.proxied, 0)
    parts = [
        Part(_("People"), certain, "run"),
        Part(_("Through an image proxy"), min(figures.proxied, figures.opened), "mute"),
        Part(_("Machines only"), figures.machines, "warn"),
        Part(_("No open"), figures.unopened, "rest"),
    ]
    said = ", ".join(f"{part.label} {count(part.value)}" for part in parts)
    bar = progress_bar(parts, total=sum(part.value for part in parts), sentence=said, size="l")
    return bar, [(part, count(part.value)) for part in parts]


def _links(delivery: Delivery) -> list[tuple[TrackedUrl, str, SafeString]]:
    """Messages in which each link was followed by people; the same address in two versions is one link."""
    hits = TrackingLog.objects.filter(
        delivery=delivery, kind__in=[HitKind.CLICK, HitKind.MIRROR, HitKind.UNSUBSCRIBE], tracked_url__isnull=False
    ).exclude(verdict__in=MACHINES)
    counted = dict(hits.order_by().values_list("tracked_url").annotate(Count("broadlog", distinct=True)))
    urls = TrackedUrl.objects.filter(content_version__delivery=delivery).order_by("content_version", "number")
    found: dict[tuple[str, str], tuple[TrackedUrl, int]] = {}
    for url in urls:
        _first, number = found.get((url.kind, url.url), (url, 0))
        found[url.kind, url.url] = (url, number + counted.get(url.pk, 0))
    ordered = sorted(found.values(), key=lambda entry: -entry[1])[:LINKS]
    most = max((number for _link, number in ordered), default=0)
    return [(url, count(number), share_bar(number, most=most, look=_look(url))) for url, number in ordered]


def _look(url: TrackedUrl) -> str:
    return "c1" if url.kind == TrackedUrl.Kind.CLICK else "c5"


def _curve(hours: Sequence[DeliveryHour], figures: Figures, length: int) -> SafeString | None:
    """Running totals from the contact on; nothing is known of the hours that have not come."""
    if not hours:
        return None
    rows = {row.hour: row for row in hours}

    def total(name: str) -> list[float | None]:
        values = [getattr(rows[hour], name) if hour in rows else 0 for hour in range(length)]
        return [0, *accumulate(values)]

    opened, clicked, anyone = total("human_opens"), total("clicks"), total("people")
    step = length // 6
    labels = [f"+{hour} h" if hour % step == 0 else "" for hour in range(length + 1)]
    sentence = _("After %(hours)d hours: %(opened)s messages opened by people, %(clicked)s clicked.") % {
        "hours": length,
        "opened": count(opened[-1]),
        "clicked": count(clicked[-1]),
    }
    return line_chart(
        sentence=sentence,
        labels=labels,
        width=1080,
        lines=[
            Line(_("All opens, raw"), anyone, look="raw", end=count(anyone[-1])),
            Line(_("Human opens"), opened, area=True, band=_band(opened, figures.sent), end=count(opened[-1])),
            Line(_("Clicks"), clicked, look="c3", end=count(clicked[-1])),
        ],
    )


def _band(opened: Sequence[float | None], sent: int) -> list[tuple[float, float] | None]:
    if not sent:
        return []
    band: list[tuple[float, float] | None] = []
    for number in opened:
        share = min((number or 0) / sent, 1)
        reach = _SURENESS * sqrt(share * (1 - share) / sent) * sent
        band.append(((number or 0) - reach, (number or 0) + reach))
    return band


def _raw(delivery: Delivery) -> list[dict[str, Any]]:
    """Every hit, by kind and verdict; it reads them all, so it is shown when asked for."""
    hits: QuerySet[Any, Any] = TrackingLog.objects.filter(delivery=delivery).order_by("kind", "verdict")
    groups = hits.values_list("kind", "verdict").annotate(hits=Count("pk"), messages=Count("broadlog", distinct=True))
    return [
        {
            "kind": HitKind(kind).label,
            "verdict": Verdict(verdict).label,
            "hits": hits_made,
            "messages": messages,
            "is_machine": verdict in MACHINES,
        }
        for kind, verdict, hits_made, messages in groups
    ]


delivery_tabs.add(
    "tracking",
    Tab(gettext_lazy("Tracking"), "admin/tracking/delivery_tab.html", context, permission="tracking.view_trackinglog"),
)
