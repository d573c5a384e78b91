"""What delivery activities show on the canvas of a workflow: their proof, preview and content, and how far they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import figures
from deliveries.models import Delivery, DeliveryKind, DeliverySeries, DeliveryState, DeliveryTemplate
from deliveries.models.delivery import FINAL_STATES
from deliveries.progress import progress_of
from deliveries.proofs import refusal
from operations.admin.activity_links import (
    ActivityLinks,
    Proof,
    TaskProgress,
    activity_links,
    activity_summaries,
    task_progress,
)
from operations.admin.workflow_dialogs import stop_consequences
from operations.models import Activity, ActivityRun, Workflow

MOVING = (DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING, DeliveryState.PAUSING, DeliveryState.PAUSED)


@activity_links.register("email_delivery")
@activity_links.register("recurring_delivery")
@activity_links.register("continuous_delivery")
def delivery_links(activity: Activity, request: HttpRequest) -> ActivityLinks:
    """The content is the activity's own template, or the shared one that a continuous delivery follows."""
    local = DeliveryTemplate.objects.filter(activity=activity).first()
    template = local or DeliveryTemplate.objects.filter(pk=activity.config.get("template")).first()
    if template is None or not request.user.has_perm("deliveries.view_deliverytemplate"):
        return ActivityLinks()
    why_not = str(refusal(activity))
    if not why_not and not request.user.has_perm("deliveries.proof_delivery"):
        why_not = _("You have no permission to send proofs.")
    return ActivityLinks(
        proof=Proof(
            not why_not, why_not, reverse("admin:deliveries_deliverytemplate_action", args=[template.pk, "proof"])
        ),
        preview_url=reverse("admin:deliveries_deliverytemplate_preview", args=[template.pk]),
        edit_url=reverse("admin:deliveries_deliverytemplate_change", args=[template.pk]),
    )


@task_progress.register("deliveries")
def delivery_progress(tasks: Sequence[ActivityRun], request: HttpRequest, now: datetime) -> dict[int, TaskProgress]:
    """The share processed by the delivery of each task: two queries for all of them."""
    if not request.user.has_perm("deliveries.view_delivery"):
        return {}
    by_task = {delivery.task_id: delivery for delivery in Delivery.objects.filter(task__in=tasks)}
    shares = progress_of(list(by_task.values()), now)
    return {pk: _progress(delivery, shares[delivery.pk].share) for pk, delivery in by_task.items() if pk is not None}


def _progress(delivery: Delivery, share: float) -> TaskProgress:
    return TaskProgress(
        share=share if delivery.state in MOVING else None,
        text=_progress_text(delivery, share),
        url=reverse("admin:deliveries_delivery_change", args=[delivery.pk]),
    )


def _progress_text(delivery: Delivery, share: float) -> str:
    if delivery.state in MOVING:
        return _("%(share)d%% sent") % {"share": int(share * 100)}
    if delivery.state == DeliveryState.FINISHED:
        to_send = delivery.targeted - delivery.ignored
        return ngettext("%(count)s message", "%(count)s messages", to_send) % {"count": figures.count(to_send)}
    return str(delivery.get_state_display())


@activity_summaries.register("email_delivery")
@activity_summaries.register("recurring_delivery")
@activity_summaries.register("continuous_delivery")
def template_label(config: Mapping[str, Any]) -> str:
    return DeliveryTemplate.objects.filter(pk=config["template"]).values_list("label", flat=True).first() or ""


@stop_consequences.register("deliveries")
def what_a_stop_leaves(workflow: Workflow) -> Iterable[str]:
    """The series that end, and what is on its way all the same."""
    series = DeliverySeries.objects.filter(activity__workflow=workflow).count()
    if series:
        sentence = ngettext("%(count)d recurring series ends.", "%(count)d recurring series end.", series)
        yield sentence % {"count": series}
    moving = Delivery.objects.filter(activity__workflow=workflow, state__in=MOVING).exclude(state__in=FINAL_STATES)
    moving = moving.exclude(kind=DeliveryKind.PROOF)
    if count := moving.count():
        sentence = ngettext(
            "%(count)d delivery that is being sent goes on: stop it on its own page.",
            "%(count)d deliveries that are being sent go on: stop them on their own pages.",
            count,
        )
        yield sentence % {"count": count}
