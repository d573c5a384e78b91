"""One run of the birthday series from the scheduled instant to the report, checked against the sink and the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign_site.demo.filling import last_morning
from campaign_site.demo.progress import Progress
from campaign_site.demo.story import BIRTHDAY_ENTRY, Story
from campaign_site.demo.visits import Visits, play
from campaign_site.sink.store import SinkStore
from common.errors import Refused
from deliveries import ledger
from deliveries.diagnosis import pending_causes
from deliveries.models import Delivery, DeliveryState
from operations import services
from operations.models import RunState, WorkflowRun

READERS = 12
SECONDS_WITHOUT_PROGRESS = 120


class DemoFailed(Refused):
    """The run did not come to its end, or something does not add up."""

    code = "demo_failed"


@dataclass
class Report:
    """What the demo shows at its end; `faults` is empty when everything adds up."""

    delivery: Delivery
    in_sink: int
    visits: Visits
    ledger: ledger.Ledger
    faults: list[str] = field(default_factory=list)


def start_morning(story: Story, *, now: datetime) -> WorkflowRun:
    """The run of this morning's scheduled instant, made if the morning has had none."""
    run, _created = services.run_now(
        workflow=story.birthday, now=now, scheduled_for=last_morning(now), entry=BIRTHDAY_ENTRY
    )
    return run


def start_another(story: Story, *, now: datetime) -> WorkflowRun:
    """A run of this very second, for a demo whose morning is over."""
    run, _created = services.run_now(
        workflow=story.birthday, now=now, scheduled_for=now.replace(microsecond=0), entry=BIRTHDAY_ENTRY
    )
    return run


def follow(run: WorkflowRun, *, look: Callable[[], None], output: TextIO) -> Delivery:
    """Wait until the run's delivery is finished, showing how far it is; `look` is called between two looks."""
    progress: Progress | None = None
    watch = _Watch()
    while True:
        look()
        run.refresh_from_db()
        delivery = Delivery.objects.filter(workflow_run=run).first()
        _refuse_failure(run, delivery)
        if delivery is not None and delivery.targeted:
            total = delivery.targeted - delivery.ignored
            progress = progress or Progress(_("Sending"), total, output)
            progress.show(total - delivery.pending)
        if delivery is not None and delivery.state == DeliveryState.FINISHED and run.state == RunState.FINISHED:
            return delivery
        watch.see((run.state, delivery and (delivery.state, delivery.pending)), delivery)
        time.sleep(0.2)


def visit_and_check(delivery: Delivery, *, before: int, look: Callable[[], None]) -> Report:
    """Play the readers, wait for the counters to follow, and compare every account. `before`: mails in the sink."""
    store = SinkStore(Path(settings.VAR_DIR) / "sink")
    mails = [store.raw(row.id) for row in store.page(after=None, limit=READERS, search="")]
    visits = play([mail for mail in mails if mail is not None])
    _wait_for_counters(delivery, visits, look)
    delivery.refresh_from_db()
    report = Report(delivery, store.distinct_message_ids() - before, visits, ledger.check(delivery_ids=[delivery.pk]))
    report.faults = list(_faults(report))
    return report


def _faults(report: Report) -> list[str]:
    delivery, visits = report.delivery, report.visits
    pairs = [
        (_("mails in the sink and messages sent"), report.in_sink, delivery.sent),
        (_("recipients who opened"), delivery.opened, visits.opened),
        (_("recipients who clicked"), delivery.clicked, visits.clicked),
        (_("unsubscriptions"), delivery.unsubscribed, visits.unsubscribed),
        (_("messages still pending or in doubt"), delivery.pending + delivery.in_doubt, 0),
    ]
    faults = [f"{name}: {found} ≠ {wanted}" for name, found, wanted in pairs if found != wanted]
    return faults if report.ledger.ok else [*faults, _("the ledger does not add up")]


def _wait_for_counters(delivery: Delivery, visits: Visits, look: Callable[[], None]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        look()
        delivery.refresh_from_db()
        if (delivery.opened, delivery.clicked, delivery.unsubscribed) == (
            visits.opened,
            visits.clicked,
            visits.unsubscribed,
        ):
            return
        time.sleep(0.3)


def _refuse_failure(run: WorkflowRun, delivery: Delivery | None) -> None:
    if run.state in (RunState.FAILED, RunState.STOPPED, RunState.SKIPPED):
        sentence = _("The run ended as “%(state)s”: %(error)s")
        raise DemoFailed(sentence % {"state": run.get_state_display(), "error": run.error})
    if run.state == RunState.FINISHED and delivery is None:
        raise DemoFailed(_("Nobody has a birthday today: try with more --recipients."))
    if delivery is not None and delivery.state in (DeliveryState.FAILED, DeliveryState.STOPPED):
        raise DemoFailed(_("The delivery failed: %(error)s") % {"error": delivery.error})


class _Watch:
    """Raises when nothing has moved for too long, with the diagnosis of what waits."""

    def __init__(self) -> None:
        self.last: object = None
        self.since = time.monotonic()

    def see(self, value: object, delivery: Delivery | None) -> None:
        if value != self.last:
            self.last, self.since = value, time.monotonic()
        if time.monotonic() - self.since < SECONDS_WITHOUT_PROGRESS:
            return
        causes = pending_causes(delivery=delivery, now=timezone.now()) if delivery is not None else []
        why = "; ".join(f"{cause.detail} {cause.remedy}" for cause in causes) or _("no cause found")
        sentence = _("Nothing has moved for %(seconds)d s: %(why)s")
        raise DemoFailed(sentence % {"seconds": SECONDS_WITHOUT_PROGRESS, "why": why})
