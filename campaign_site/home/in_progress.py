"""Deliveries under way: how far, how fast, until when; the one that ends last first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaign_site.home.viewpoint import Context, Viewpoint
from common.charts import Part, progress_bar
from common.figures import count, percent
from deliveries import control
from deliveries.models import Delivery, DeliveryState
from deliveries.models.delivery import ANALYSIS_STATES, SENDING_STATES
from deliveries.progress import Progress, progress_of

SHOWN = 5
UNDER_WAY = (*ANALYSIS_STATES, *SENDING_STATES, DeliveryState.START_PENDING, DeliveryState.PAUSED)


@dataclass(frozen=True)
class Row:
    delivery: Delivery
    state: DeliveryState
    progress: Progress
    bar: SafeString
    share: str
    pace: str
    # Of the service that the button calls, or "".
    action: str


def in_progress_card(view: Viewpoint) -> Context | None:
    if not view.may("deliveries.view_delivery"):
        return None
    deliveries = under_way(view)
    progresses = progress_of(deliveries, view.now)
    ordered = sorted(deliveries, key=lambda delivery: _end(progresses[delivery.pk]), reverse=True)
    return {
        "rows": [_row(view, delivery, progresses[delivery.pk]) for delivery in ordered[:SHOWN]],
        "number": len(deliveries),
        "more": max(len(deliveries) - SHOWN, 0),
    }


def under_way(view: Viewpoint) -> list[Delivery]:
    """Those whose time has come and that are not over."""
    return [
        delivery
        for delivery in view.at_work
        if delivery.state in UNDER_WAY
        and not (
            delivery.state == DeliveryState.START_PENDING
            and delivery.contact_date is not None
            and delivery.contact_date > view.now
        )
    ]


def _end(progress: Progress) -> tuple[bool, float]:
    """Those with an end in sight first."""
    return (progress.ends_at is not None, progress.ends_at.timestamp() if progress.ends_at else progress.waiting)


def _row(view: Viewpoint, delivery: Delivery, progress: Progress) -> Row:
    return Row(
        delivery=delivery,
        state=DeliveryState(delivery.state),
        progress=progress,
        bar=_bar(progress),
        share=percent(progress.share if progress.to_send else None),
        pace=_pace(view, progress),
        action=_action(view, delivery),
    )


def _bar(progress: Progress) -> SafeString:
    parts = [
        Part(_("Success"), progress.succeeded, "ok"),
        Part(_("Failed"), progress.failed, "bad"),
        Part(_("In doubt"), progress.in_doubt, "doubt"),
    ]
    sentence = _("%(share)s of %(number)s messages processed") % {
        "share": percent(progress.share),
        "number": count(progress.to_send),
    }
    return progress_bar(parts, total=progress.to_send, sentence=sentence)


def _pace(view: Viewpoint, progress: Progress) -> str:
    parts = []
    if progress.per_minute:
        parts.append(_("%(number)s/min") % {"number": count(progress.per_minute)})
    if progress.ends_at is not None:
        parts.append(_("ends about %(time)s") % {"time": clock(view, progress.ends_at)})
    return " · ".join(parts)


def clock(view: Viewpoint, at: datetime) -> str:
    """The time alone where it is today."""
    local = at.astimezone(view.zone)
    return date_format(local, "H:i" if local.date() == view.today else "SHORT_DATETIME_FORMAT")


def _action(view: Viewpoint, delivery: Delivery) -> str:
    if delivery.stop_requested or not view.may("deliveries.start_delivery"):
        return ""
    if delivery.state in control.PAUSABLE:
        return "pause"
    return "resume" if delivery.state in control.RESUMABLE else ""
