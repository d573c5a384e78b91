"""What only a person can end, worst first: the cause, one line of evidence, one remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign_site.home.viewpoint import Context, Viewpoint
from common.figures import count
from deliveries.complaints import pauses_told
from deliveries.diagnosis import Cause, causes_of
from deliveries.inbound.visits import unread
from deliveries.models import Delivery, DeliveryState
from installation.models import Process
from operations.assignments import waiting_for
from operations.models import Assignment, RunState, WorkflowRun

SHOWN = 12
OF_A_KIND = 5
# Time ends these, or a card of its own says more.
PATIENCE = ("scheduled", "retry_wait", "throttled", "route_paused", "no_mta", "worker_down", "beat_down")
_WORST = ("bad", "doubt", "warn", "wait")


@dataclass(frozen=True)
class Alert:
    """The remedy is a link, a dialog, a service to call (`is_post`), or a command to copy."""

    title: str
    evidence: str
    tone: str
    icon: str
    remedy: str = ""
    url: str = ""
    is_dialog: bool = False
    is_post: bool = False
    command: str = ""
    # Another way to look at it.
    more: str = ""
    more_url: str = ""
    since: datetime | None = None


def alerts_card(view: Viewpoint) -> Context:
    found = [alert for find in FINDERS for alert in find(view)]
    found.sort(key=lambda alert: _WORST.index(alert.tone))
    return {"alerts": found[:SHOWN], "number": len(found), "more": max(len(found) - SHOWN, 0)}


def missing_processes(view: Viewpoint) -> Iterator[Alert]:
    if not view.may("installation.view_process"):
        return
    living = {process.kind for process in view.situation.processes}
    titles = {
        Process.Kind.MTA: (_("No sending process (MTA) is alive"), "./diffusion mta start"),
        Process.Kind.WORKER: (_("No worker is alive"), "./diffusion worker"),
        Process.Kind.BEAT: (_("The scheduler process (beat) is not alive"), "./diffusion beat"),
    }
    evidence = {
        Process.Kind.MTA: _("No message leaves before one is started."),
        Process.Kind.WORKER: _("Nothing is analysed, and no workflow goes on, before one is started."),
        Process.Kind.BEAT: _("Nothing starts at its time before it is started."),
    }
    for kind, (title, command) in titles.items():
        if kind not in living:
            yield Alert(title, evidence[kind], "bad", "server-off", command=command)


def failed_workflows(view: Viewpoint) -> Iterator[Alert]:
    if not view.may("operations.view_workflow"):
        return
    rows = WorkflowRun.objects.filter(workflow__failed=True, state=RunState.FAILED).select_related("workflow")
    if view.program is not None:
        rows = rows.filter(workflow__operation__program=view.program)
    seen: set[int] = set()
    for run in rows.order_by("-pk")[:50]:
        if run.workflow_id in seen or len(seen) == OF_A_KIND:
            continue
        seen.add(run.workflow_id)
        page = f"{reverse('admin:operations_workflow_change', args=[run.workflow_id])}?run={run.pk}"
        may_resume = view.may("operations.run_workflow")
        resume = reverse("admin:operations_workflow_action", args=[run.workflow_id, "resume"])
        yield Alert(
            title=_("“%(workflow)s” has failed") % {"workflow": run.workflow},
            evidence=run.error,
            tone="bad",
            icon="octagon-x",
            remedy=_("Resume") if may_resume else _("Open the workflow"),
            url=resume if may_resume else page,
            is_post=may_resume,
            more=_("Open the workflow") if may_resume else "",
            more_url=page,
            since=run.ended_at,
        )


def failed_preparations(view: Viewpoint) -> Iterator[Alert]:
    if not view.may("deliveries.view_delivery"):
        return
    failed = [delivery for delivery in view.at_work if delivery.state == DeliveryState.PREPARATION_FAILED]
    for delivery in failed[:OF_A_KIND]:
        yield Alert(
            title=_("The preparation of “%(delivery)s” has failed") % {"delivery": delivery},
            evidence=delivery.error,
            tone="bad",
            icon="octagon-x",
            remedy=_("Open the delivery"),
            url=_page(delivery),
        )


def complained_about(view: Viewpoint) -> Iterator[Alert]:
    """What the sweep has paused because of complaints, until somebody resumes or stops it."""
    paused = [delivery for delivery in view.at_work if delivery.state in (DeliveryState.PAUSING, DeliveryState.PAUSED)]
    if not paused or not view.may("deliveries.view_delivery"):
        return
    reasons = pauses_told(paused)
    for delivery in [delivery for delivery in paused if delivery.pk in reasons][:OF_A_KIND]:
        yield Alert(
            title=_("“%(delivery)s” is paused: too many complaints") % {"delivery": delivery},
            evidence=reasons[delivery.pk].text,
            tone="bad",
            icon="octagon-x",
            remedy=_("Open the delivery"),
            url=_page(delivery),
            since=reasons[delivery.pk].at,
        )


def waiting_deliveries(view: Viewpoint) -> Iterator[Alert]:
    if not view.may("deliveries.view_delivery"):
        return
    waiting = [(delivery, cause) for delivery in view.at_work for cause in _asking(view, delivery)[:1]]
    for delivery, cause in waiting[:OF_A_KIND]:
        yield _waiting(view, delivery, cause)
    rest = len(waiting) - OF_A_KIND
    if rest > 0:
        title = ngettext("%(number)s other delivery waits", "%(number)s other deliveries wait", rest)
        yield Alert(
            title=title % {"number": count(rest)},
            evidence=_("The page of each says why, and what ends it."),
            tone="warn",
            icon="hourglass",
            remedy=_("All deliveries"),
            url=reverse("admin:deliveries_delivery_changelist"),
        )


def _asking(view: Viewpoint, delivery: Delivery) -> list[Cause]:
    """The causes that time does not end; none while it waits for its date anyway."""
    causes = causes_of(delivery, view.situation)
    if any(cause.code == "scheduled" for cause in causes):
        return []
    return [cause for cause in causes if cause.code not in PATIENCE]


def _waiting(view: Viewpoint, delivery: Delivery, cause: Cause) -> Alert:
    asks = cause.code in ("approval_missing", "confirmation_missing")
    may_confirm = asks and view.may("deliveries.start_delivery")
    title = _("“%(delivery)s” waits for its confirmation") if asks else _("“%(delivery)s” is still pending")
    return Alert(
        title=title % {"delivery": delivery},
        evidence=_of_people(delivery, cause) if asks else cause.detail,
        tone="warn",
        icon="shield-alert" if asks else "hourglass",
        remedy=_("Review the delivery") if may_confirm else _("See the remedy"),
        url=_page(delivery),
        since=cause.until if cause.until and cause.until < view.now else delivery.confirmed_at,
    )


def _of_people(delivery: Delivery, cause: Cause) -> str:
    number = delivery.targeted - delivery.ignored
    people = ngettext("%(number)s message is prepared.", "%(number)s messages are prepared.", number)
    return f"{people % {'number': count(number)}} {cause.detail}"


def questions(view: Viewpoint) -> Iterator[Alert]:
    """What workflows ask of this user."""
    rows = waiting_for(view.request.user).select_related("task__run__workflow")
    if view.program is not None:
        rows = rows.filter(task__run__workflow__operation__program=view.program)
    for assignment in rows.order_by("created_at")[:OF_A_KIND]:
        is_approval = assignment.kind == Assignment.Kind.APPROVAL
        workflow = assignment.task.run.workflow.label
        yield Alert(
            title=assignment.title,
            evidence=" · ".join(part for part in (assignment.message[:160], workflow) if part),
            tone="warn",
            icon="shield-alert" if is_approval else "clipboard-list",
            remedy=_("Review and answer") if is_approval else _("Answer"),
            url=reverse("admin:operations_assignment_change", args=[assignment.pk]),
            since=assignment.created_at,
        )


def in_doubt(view: Viewpoint) -> Iterator[Alert]:
    if not view.may("deliveries.view_delivery"):
        return
    may_settle = view.may("deliveries.start_delivery")
    for delivery in [row for row in view.looked_back_at if row.in_doubt][:OF_A_KIND]:
        number = delivery.in_doubt
        title = ngettext("%(number)s message in doubt", "%(number)s messages in doubt", number)
        evidence = _("“%(delivery)s”: the connection was lost before the server had answered.")
        settle = reverse("admin:deliveries_delivery_action", args=[delivery.pk, "settle"])
        yield Alert(
            title=title % {"number": count(number)},
            evidence=evidence % {"delivery": delivery},
            tone="doubt",
            icon="circle-question-mark",
            remedy=_("Settle…") if may_settle else _("See them"),
            url=settle if may_settle else f"{reverse('admin:deliveries_delivery_logs', args=[delivery.pk])}",
            is_dialog=may_settle,
        )


def closed_routes(view: Viewpoint) -> Iterator[Alert]:
    """Routes that deliveries at work or to come need, paused by a person or because the provider asked for a rest."""
    if not view.may("deliveries.view_route"):
        return
    for route in sorted(view.situation.routes.values(), key=lambda route: route.label):
        is_resting = route.paused_until is not None and route.paused_until > view.now
        if not (is_resting or (route.paused and route.paused_until is None)):
            continue
        may_resume = route.paused and view.may("deliveries.change_route")
        page = reverse("admin:deliveries_route_change", args=[route.pk])
        title = _("The route “%(route)s” is paused") if route.paused else _("The route “%(route)s” is throttled")
        yield Alert(
            title=title % {"route": route.label},
            evidence=route.pause_reason or _("No reason was given."),
            tone="warn",
            icon="pause" if route.paused else "gauge",
            remedy=_("Resume the route") if may_resume else _("Open the route"),
            url=reverse("admin:deliveries_route_action", args=[route.pk, "resume"]) if may_resume else page,
            is_post=may_resume,
        )


def unread_sources(view: Viewpoint) -> Iterator[Alert]:
    """Inbound sources that fail, or that nobody has read for an hour: bounces wait there."""
    if not view.may("deliveries.view_inboundsource"):
        return
    for source in unread(view.now)[:OF_A_KIND]:
        yield Alert(
            title=_("“%(source)s” is not read") % {"source": source},
            evidence=source.last_error or _("Nobody has read it for an hour: bounces wait there."),
            tone="warn",
            icon="mail-x",
            remedy=_("Open the source"),
            url=reverse("admin:deliveries_inboundsource_change", args=[source.pk]),
            since=source.last_read_at,
        )


FINDERS: list[Callable[[Viewpoint], Iterator[Alert]]] = [
    missing_processes,
    failed_workflows,
    failed_preparations,
    complained_about,
    in_doubt,
    waiting_deliveries,
    questions,
    closed_routes,
    unread_sources,
]


def _page(delivery: Delivery) -> str:
    return reverse("admin:deliveries_delivery_change", args=[delivery.pk])
