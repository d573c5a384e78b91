"""What ended since yesterday, with its account."""

from __future__ import annotations

from datetime import timedelta

from campaign_site.home.viewpoint import Context, Viewpoint
from common.figures import NOT_KNOWN, count, share_of
from deliveries.models import Delivery, DeliveryState
from deliveries.models.delivery import FINAL_STATES
from deliveries.progress import Progress, progress_of

SHOWN = 6


def finished_card(view: Viewpoint) -> Context | None:
    if not view.may("deliveries.view_delivery"):
        return None
    since = view.midnight(view.today - timedelta(days=1))
    ended = [(row.ended_at, row) for row in view.looked_back_at if row.ended_at and row.state in FINAL_STATES]
    found = [row for at, row in sorted(ended, key=lambda entry: entry[0], reverse=True) if at >= since]
    if not found:
        return None
    progresses = progress_of(found, view.now, paced=False)
    lines = [_line(view, delivery, progresses[delivery.pk]) for delivery in found[:SHOWN]]
    return {"lines": lines, "has_more": len(found) > SHOWN}


def _line(view: Viewpoint, delivery: Delivery, progress: Progress) -> dict[str, object]:
    tracked = delivery.tracking_enabled and progress.succeeded
    return {
        "delivery": delivery,
        "state": DeliveryState(delivery.state),
        "is_today": bool(delivery.ended_at and delivery.ended_at.astimezone(view.zone).date() == view.today),
        "to_send": count(progress.to_send),
        "success": share_of(progress.succeeded, progress.processed),
        "opened": share_of(delivery.opened, progress.succeeded) if tracked else NOT_KNOWN,
    }
