"""What an operation's page shows of its deliveries: figures, the latest ones, the months, a tab with all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.admin import NoCountPaginator, Tab
from common.charts import bar_chart
from common.figures import count, percent, share_of
from deliveries.diagnosis import pending_causes, pending_reasons
from deliveries.models import Delivery, DeliveryKind, DeliverySeries, DeliveryState, OperationReach
from deliveries.models.delivery import FINAL_STATES
from deliveries.progress import SUCCESS, progress_of
from operations.admin.operation.tabs import operation_tabs
from operations.admin.panels import Decision, Tile, operation_decisions, operation_panels, operation_tiles
from operations.models import Operation

SHOWN = 8
PAGE = 50
MONTHS = 12
# Deliveries at work that are looked at for a cause.
LOOKED_AT = 50


@operation_tiles.register("deliveries")
def delivery_tiles(request: HttpRequest, operation: Operation) -> Iterator[Tile]:
    """Messages, people reached, human opens and unsubscriptions; from counters, so at any size in no time."""
    if not request.user.has_perm("deliveries.view_delivery"):
        return
    rows = _deliveries(operation)
    sums = rows.aggregate(**{name: Sum(name) for name in (*SUCCESS, "opened", "unsubscribed")})
    sent = sum(sums[name] or 0 for name in SUCCESS)
    number, series = rows.count(), DeliverySeries.objects.filter(operation=operation).count()
    deliveries = ngettext("%(count)s delivery", "%(count)s deliveries", number) % {"count": count(number)}
    recurring = ngettext("%(count)d recurring series", "%(count)d recurring series", series) % {"count": series}
    caption = f"{deliveries}, {recurring}"
    yield Tile(_("Messages sent"), count(sent), caption if series else deliveries)
    reach = OperationReach.objects.filter(operation=operation).first()
    yield Tile(_("People reached"), count(reach.people if reach else None), _("each counted once"))
    yield Tile(_("Human opens"), share_of(sums["opened"] or 0, sent), _("of the messages sent"))
    yield Tile(
        _("Unsubscribed"), percent((sums["unsubscribed"] or 0) / sent, 2) if sent else "–", _("of the messages sent")
    )


@operation_panels.register("deliveries")
def deliveries_panel(request: HttpRequest, operation: Operation) -> str:
    """The latest deliveries with their account, the series, and the messages of each month."""
    if not request.user.has_perm("deliveries.view_delivery"):
        return ""
    deliveries = list(_deliveries(operation).order_by("-pk")[:SHOWN])
    context = {
        "row": operation,
        "lines": _lines(deliveries),
        "series": list(DeliverySeries.objects.filter(operation=operation).order_by("label")[:SHOWN]),
        "months": _months(operation),
    }
    return render_to_string("admin/deliveries/operation_panel.html", context, request)


@operation_decisions.register("deliveries")
def deliveries_that_wait(request: HttpRequest, operation: Operation) -> Iterator[Decision]:
    """Deliveries that wait for somebody, with the remedy of the first cause."""
    if not request.user.has_perm("deliveries.view_delivery"):
        return
    now = timezone.now()
    rows = Delivery.objects.filter(operation=operation).exclude(state__in=[*FINAL_STATES, DeliveryState.EDITED])
    open_deliveries = list(rows.select_related("affinity", "route").order_by("-pk")[:LOOKED_AT])
    reasons = pending_reasons(open_deliveries, now)
    waiting = [delivery for delivery in open_deliveries if reasons.get(delivery.pk) not in (None, "retry_wait")]
    for delivery in waiting[:SHOWN]:
        cause = pending_causes(delivery, now)[0]
        yield Decision(
            title=_("“%(delivery)s” waits") % {"delivery": delivery},
            evidence=cause.detail,
            remedy=_("See the remedy"),
            url=reverse("admin:deliveries_delivery_change", args=[delivery.pk]),
            icon="hourglass",
        )


def _tab(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    pages: Paginator[Delivery] = NoCountPaginator(_deliveries(operation).order_by("-pk"), PAGE)
    page = pages.get_page(request.GET.get("page"))
    return {
        "deliveries": page,
        "lines": _lines(list(page)),
        "series": list(DeliverySeries.objects.filter(operation=operation).order_by("label")),
        "may_add": request.user.has_perm("deliveries.add_delivery"),
    }


operation_tabs.add(
    "deliveries",
    Tab(
        gettext_lazy("Deliveries"),
        "admin/deliveries/operation_deliveries.html",
        _tab,
        count=lambda operation: _deliveries(operation).count(),
        permission="deliveries.view_delivery",
    ),
)


def _deliveries(operation: Operation) -> QuerySet[Delivery]:
    return Delivery.objects.filter(operation=operation).exclude(kind=DeliveryKind.PROOF)


def _lines(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    progresses = progress_of(deliveries, timezone.now())
    return [
        {
            "delivery": delivery,
            "state": DeliveryState(delivery.state),
            "to_send": count(progresses[delivery.pk].to_send),
            "processed": percent(progresses[delivery.pk].share if progresses[delivery.pk].to_send else None),
            "success": share_of(progresses[delivery.pk].succeeded, progresses[delivery.pk].processed),
            "opened": share_of(delivery.opened, progresses[delivery.pk].succeeded),
        }
        for delivery in deliveries
    ]


def _months(operation: Operation) -> SafeString | str:
    """Messages of each of the last months in which something left."""
    rows = _deliveries(operation).filter(started_at__isnull=False).order_by()
    sums = rows.annotate(month=TruncMonth("started_at")).values("month").annotate(total=Sum("sent")).order_by("-month")
    found = list(reversed(sums[:MONTHS]))
    if len(found) < 2:
        return ""
    months: list[date] = [row["month"].date() for row in found]
    return bar_chart(
        sentence=_("Messages sent per month"),
        labels=[date_format(month, "b") for month in months],
        values=[row["total"] for row in found],
        head=_("Messages"),
    )
