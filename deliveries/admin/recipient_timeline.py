"""Messages in the timeline of a person, how many there were lately, and the question about any other delivery."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.admin.badges import message_badge
from deliveries.explain import LEFT
from deliveries.models import Broadlog
from recipients.admin.profile import Entry, Look, Source, profile_cards, timeline_sources
from recipients.models import Recipient
from recipients.vocabulary import FailureReason

WINDOWS = (7, 30)


def _messages(request: HttpRequest, recipient: Recipient, look: Look) -> Iterator[Entry]:
    if not request.user.has_perm("deliveries.view_broadlog"):
        return
    rows = (
        Broadlog.objects.filter(recipient=recipient)
        .select_related("delivery")
        .defer("delivery__html", "delivery__text")
    )
    if look.before is not None:
        rows = rows.filter(updated_at__lt=look.before)
    for row in rows.order_by("-updated_at")[: look.most]:
        badge = message_badge(row)
        reason = str(FailureReason(row.failure_reason).label) if row.failure_reason else ""
        yield Entry(
            at=row.updated_at,
            title=badge.label,
            what=row.delivery.label,
            line=" – ".join(part for part in (reason, row.failure_detail) if part),
            icon=badge.icon,
            tone=badge.tone,
            url=reverse("admin:deliveries_delivery_change", args=[row.delivery_id]),
            link=reverse("admin:deliveries_delivery_why", args=[row.delivery_id, recipient.pk]),
            link_text=_("Why received?") if row.status in LEFT else _("Why not received?"),
        )


@profile_cards.register("messages lately")
def lately(request: HttpRequest, recipient: Recipient) -> str:
    if not request.user.has_perm("deliveries.view_delivery"):
        return ""
    now = timezone.now()
    counts = Broadlog.objects.filter(recipient=recipient, status__in=LEFT).aggregate(
        **{f"in_{days}": Count("pk", filter=Q(updated_at__gte=now - timedelta(days=days))) for days in WINDOWS}
    )
    pressure = [(days, counts[f"in_{days}"]) for days in WINDOWS]
    context = {"recipient": recipient, "pressure": pressure}
    return render_to_string("admin/deliveries/why/lately.html", context, request)


timeline_sources.add("message", Source(gettext_lazy("Messages"), "send", _messages))
