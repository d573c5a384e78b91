"""What the pictures show: the demo after its morning, with a delivery that waits for a sending process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from campaign_site.demo.filling import LOGIN
from campaign_site.demo.once import start_another
from campaign_site.demo.story import Story, find_story, start_story
from campaign_site.processes.parts import installation_parts
from campaign_site.processes.supervisor import Supervisor
from common.errors import Refused
from deliveries.models import Delivery, DeliverySeries, DeliveryState
from operations.models import WorkflowRun
from operations.rehearsal.request import request_rehearsal
from operations.rehearsal.work import work_on
from operations.workflow.pump import pump_once
from recipients.models import Recipient, SavedFilter
from tracking.models import HitKind, TrackingLog

MOST_ROUNDS = 50


class NothingToShow(Refused):
    """The demo that the pictures are taken of was not filled to its end."""

    code = "nothing_to_show"


def set_scene(*, now: datetime) -> dict[str, str]:
    """Bring the demo to the moment of the pictures; the address of each page by its name."""
    story = find_story()
    finished = Delivery.objects.filter(state=DeliveryState.FINISHED).order_by("-pk").first()
    if story is None or finished is None:
        raise NothingToShow("The demo was not filled.")
    start_story(story, now=now)
    user = get_user_model().objects.get(username=LOGIN)
    rehearsal = request_rehearsal(workflow=story.birthday, weeks=1, by=user, now=now)
    work_on(rehearsal.pk, now=now)
    return _addresses(story, finished, _waiting(story, now))


@contextmanager
def opened() -> Iterator[None]:
    """Everything but a sending process: what is prepared waits, and its page says why."""
    parts = [part for part in installation_parts() if part.name != "mta"]
    supervisor = Supervisor(parts, say=lambda part, text: None)
    supervisor.stop_on_signals()
    with supervisor.running():
        yield


def _waiting(story: Story, now: datetime) -> Delivery:
    run: WorkflowRun = start_another(story, now=now)
    for _round in range(MOST_ROUNDS):
        pump_once(timezone.now())
        delivery = Delivery.objects.filter(workflow_run=run).first()
        if delivery is not None and delivery.state == DeliveryState.IN_PROGRESS:
            return delivery
    raise NothingToShow("The delivery that should wait was not prepared.")


def _addresses(story: Story, finished: Delivery, waiting: Delivery) -> dict[str, str]:
    series = DeliverySeries.objects.get(occurrences=finished)
    clicks = TrackingLog.objects.filter(delivery=finished, kind=HitKind.CLICK)
    reader = Recipient.objects.filter(pk__in=clicks.values("recipient_id")).earliest("pk")
    return {
        "home": reverse("admin:index"),
        "operation": _page(story.birthday.operation),
        "workflow": _page(story.birthday),
        "rehearsal": reverse("admin:operations_workflow_rehearsal", args=[story.birthday.pk]),
        "delivery": _page(finished),
        "logs": reverse("admin:deliveries_delivery_logs", args=[finished.pk]),
        "waiting": _page(waiting),
        "series": _page(series),
        "recipient": _page(reader),
        "why": reverse("admin:deliveries_delivery_why", args=[finished.pk, reader.pk]),
        "filter": _page(SavedFilter.objects.get(internal_name="demo-faithful")),
        "deliveries": reverse("admin:deliveries_delivery_changelist"),
        "template": reverse("admin:deliveries_deliverytemplate_change", args=[finished.template_id or 1]),
    }


def _page(row: object) -> str:
    meta = row._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])  # type: ignore[attr-defined]
