"""What one person did with one delivery, for the page that tells why they did, or didn't, get it."""

from __future__ import annotations

from deliveries.explain import explainers
from deliveries.models import Delivery
from operations.explain import Step
from tracking.models import HitKind, TrackingLog, Verdict
from tracking.verdicts import MACHINES

MOST_STEPS = 100
ICONS = {
    HitKind.OPEN: "eye",
    HitKind.CLICK: "mouse-pointer-click",
    HitKind.MIRROR: "globe",
    HitKind.UNSUBSCRIBE: "user-minus",
}


@explainers.register("tracking")
def hit_steps(delivery: Delivery, recipient_id: int) -> list[Step]:
    """The person's hits in order, machines' among them, each with its verdict."""
    hits = TrackingLog.objects.filter(delivery=delivery, recipient=recipient_id).select_related("tracked_url")
    return [_step(hit) for hit in hits.order_by("at", "pk")[:MOST_STEPS]]


def _step(hit: TrackingLog) -> Step:
    is_human = hit.verdict == Verdict.HUMAN
    return Step(
        at=hit.at,
        where=str(hit.get_kind_display()),
        outcome=str(hit.get_verdict_display()),
        reason=_reason(hit),
        kind="hit",
        tone="ok" if is_human else "",
        icon="bot" if hit.verdict in MACHINES else ICONS[HitKind(hit.kind)],
        proves=is_human,
    )


def _reason(hit: TrackingLog) -> str:
    return " – ".join(text for text in (hit.link_in_words(), hit.user_agent) if text)
