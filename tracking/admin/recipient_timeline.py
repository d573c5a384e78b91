"""A person's hits in their timeline; machines' when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from recipients.admin.profile import Entry, Look, Source, timeline_sources
from recipients.models import Recipient
from tracking.explain import ICONS
from tracking.models import HitKind, TrackingLog, Verdict
from tracking.verdicts import MACHINES


def _hits(request: HttpRequest, recipient: Recipient, look: Look) -> Iterator[Entry]:
    if not request.user.has_perm("tracking.view_trackinglog"):
        return
    rows = TrackingLog.objects.filter(recipient=recipient, kind__in=HitKind.values)
    rows = rows.select_related("delivery", "tracked_url").defer("delivery__html", "delivery__text")
    if look.before is not None:
        rows = rows.filter(at__lt=look.before)
    if not look.with_machines:
        rows = rows.exclude(verdict__in=MACHINES)
    for hit in rows.order_by("-at")[: look.most]:
        is_machine = hit.verdict in MACHINES
        yield Entry(
            at=hit.at,
            title=f"{hit.get_kind_display()} ({str(hit.get_verdict_display()).lower()})",
            what=hit.delivery.label,
            line=" – ".join(part for part in (hit.link_in_words(), hit.user_agent) if part),
            icon="bot" if is_machine else ICONS[HitKind(hit.kind)],
            tone="ok" if hit.verdict == Verdict.HUMAN else "",
            url=reverse("admin:deliveries_delivery_change", args=[hit.delivery_id]),
        )


timeline_sources.add("hit", Source(gettext_lazy("Hits"), "mouse-pointer-click", _hits))
