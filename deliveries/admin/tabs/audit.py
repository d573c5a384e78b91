"""What happened to a delivery and by whom, the latest first; and why people were left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import Tab
from common.charts import share_bar
from common.figures import count
from deliveries.models import Delivery, DeliveryKind, Preparation, PreparationLog, PreparationState
from deliveries.models.delivery import FINAL_STATES
from installation.audit import entries_of
from recipients.vocabulary import FailureReason

ANALYSES = 30
ENTRIES = 100
GROUPS = (
    ("", gettext_lazy("All")),
    ("analysis", gettext_lazy("Analysis")),
    ("approval", gettext_lazy("Approvals")),
    ("command", gettext_lazy("Commands")),
    ("proof", gettext_lazy("Proofs")),
)
_DEEDS: dict[str, tuple[Any, str, str, str]] = {
    # action: (words, group, icon, tone)
    "prepare": (gettext_lazy("Analysis asked for"), "command", "list-checks", "wait"),
    "prepare_again": (gettext_lazy("Analysis asked for again"), "command", "list-checks", "wait"),
    "take_back": (gettext_lazy("Analysis taken back"), "command", "undo-2", "mute"),
    "confirm": (gettext_lazy("Confirmed"), "approval", "check", "ok"),
    "pause": (gettext_lazy("Paused"), "command", "pause", "warn"),
    "resume": (gettext_lazy("Resumed"), "command", "play", "run"),
    "stop": (gettext_lazy("Stopped"), "command", "square", "bad"),
    "stop_series": (gettext_lazy("Series stopped"), "command", "square", "bad"),
    "proof": (gettext_lazy("Proof asked for"), "proof", "mail-check", "run"),
    "settle": (gettext_lazy("Messages in doubt settled"), "command", "circle-question-mark", "doubt"),
    "recompute": (gettext_lazy("Figures computed again"), "command", "refresh-cw", "mute"),
    "send_through": (gettext_lazy("Sent through another affinity"), "command", "route", "mute"),
}
_CHOICES = {
    "series": gettext_lazy("the whole series"),
    "occurrence": gettext_lazy("this occurrence only"),
    "sent": gettext_lazy("assumed sent"),
    "failed": gettext_lazy("assumed failed"),
    "resend": gettext_lazy("sent again"),
}


@dataclass(frozen=True)
class Event:
    at: datetime
    title: Any
    group: str
    icon: str
    tone: str
    line: str = ""
    details: tuple[PreparationLog, ...] = ()
    url: str = ""


def context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    group = request.GET.get("group", "")
    analyses = list(delivery.preparations.prefetch_related("log").order_by("-number")[:ANALYSES])
    events = [event for event in _events(delivery, analyses) if not group or event.group == group]
    return {
        "groups": GROUPS,
        "group": group,
        "events": sorted(events, key=lambda event: event.at, reverse=True),
        "exclusions": _exclusions(analyses),
    }


def _events(delivery: Delivery, analyses: list[Preparation]) -> Iterator[Event]:
    yield _creation(delivery)
    for analysis in analyses:
        yield _analysis(analysis)
    yield from _milestones(delivery)
    for entry in entries_of(delivery)[:ENTRIES]:
        yield _deed(entry)
    for proof in delivery.proofs.order_by("-proof_number")[:ANALYSES]:
        url = reverse("admin:deliveries_delivery_change", args=[proof.pk])
        said = str(proof.get_state_display())
        yield Event(proof.created_at, proof.label, "proof", "mail-check", "run", said, url=url)


def _creation(delivery: Delivery) -> Event:
    run = delivery.workflow_run
    if run is None:
        return Event(delivery.created_at, _("Created"), "command", "plus", "wait")
    line = _("Run %(number)d of “%(workflow)s”.") % {"number": run.pk, "workflow": run.workflow.label}
    url = reverse("admin:operations_workflowrun_change", args=[run.pk])
    return Event(delivery.created_at, _("Created by the workflow"), "analysis", "repeat", "wait", line, url=url)


def _analysis(analysis: Preparation) -> Event:
    lines = tuple(analysis.log.all())
    at = analysis.ended_at or analysis.requested_at
    if analysis.state == PreparationState.FAILED:
        return Event(at, _("Analysis failed"), "analysis", "octagon-x", "bad", analysis.error, lines)
    title = _("Analysis %(number)d: %(state)s") % {
        "number": analysis.number,
        "state": str(analysis.get_state_display()).lower(),
    }
    said = _("%(targeted)s targeted, %(ignored)s ignored, %(to_deliver)s to deliver.") % {
        "targeted": count(analysis.targeted),
        "ignored": count(analysis.ignored),
        "to_deliver": count(analysis.to_deliver),
    }
    is_warned = any(line.level == PreparationLog.Level.WARNING for line in lines)
    return Event(at, title, "analysis", "list-checks", "warn" if is_warned else "ok", said, lines)


def _milestones(delivery: Delivery) -> Iterator[Event]:
    if delivery.confirmed_at is not None:
        mode = _("Approval mode: %(mode)s.") % {"mode": delivery.get_approval_mode_display()}
        yield Event(delivery.confirmed_at, _("Confirmation"), "approval", "check", "ok", mode)
    if delivery.started_at is not None:
        yield Event(delivery.started_at, _("Sending started"), "analysis", "send", "run")
    if delivery.ended_at is not None and delivery.state in FINAL_STATES:
        tone = "ok" if delivery.kind == DeliveryKind.CONTINUOUS or delivery.sent else "mute"
        yield Event(delivery.ended_at, delivery.get_state_display(), "analysis", "check-check", tone)


def _deed(entry: Any) -> Event:
    title, group, icon, tone = _DEEDS.get(entry.action, (entry.action, "command", "circle-dot", "mute"))
    who = str(entry.user) if entry.user is not None else _("by a command")
    chosen = _CHOICES.get(str(entry.detail.get("choice", "")), "")
    said = [who, str(chosen), entry.reason]
    return Event(entry.at, title, group, icon, tone, " · ".join(part for part in said if part))


def _exclusions(analyses: list[Preparation]) -> list[tuple[Any, str, Any]]:
    """Reason, people, bar; of every analysis together."""
    counts: Counter[str] = Counter()
    for analysis in analyses:
        if analysis.state not in (PreparationState.CANCELLED, PreparationState.FAILED):
            counts.update(analysis.ignored_counts)
    most = max(counts.values(), default=0)
    return [
        (FailureReason.from_slug(slug).label, count(number), share_bar(number, most=most, look="c5"))
        for slug, number in counts.most_common()
    ]


audit_tab = Tab(gettext_lazy("Audit"), "admin/deliveries/delivery/audit.html", context)
