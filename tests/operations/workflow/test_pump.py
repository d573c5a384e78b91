from __future__ import annotations

from datetime import datetime

import pytest

from operations import tasks
from operations.models import RunState
from operations.services import start_workflow
from operations.workflow.pump import pickers, pump_once
from tests.operations.factories import activity, drawing, make_workflow

pytestmark = pytest.mark.django_db
PLAIN = drawing([activity("s", "start"), activity("e", "end")], "s → e")


def test_a_picker_that_fails_does_not_keep_the_others_from_their_work(now: datetime) -> None:
    workflow = make_workflow(PLAIN, now=now)
    start_workflow(workflow, now=now)

    def broken(now: datetime) -> int:
        raise ValueError("broken")

    registered = dict(pickers._entries)
    pickers._entries.clear()
    pickers.add("broken", broken)
    pickers._entries.update(registered)
    try:
        with pytest.raises(ExceptionGroup) as caught:
            pump_once(now)
    finally:
        del pickers._entries["broken"]

    assert [str(error) for error in caught.value.exceptions] == ["broken"]
    assert workflow.runs.get().state == RunState.FINISHED


def test_the_doorbells_may_ring_doubled_and_for_nothing(now: datetime) -> None:
    workflow = make_workflow(PLAIN, now=now)
    start_workflow(workflow, now=now)
    run = workflow.runs.get()

    tasks.advance_run.delay(run_id=10**9)
    for _time in range(2):
        tasks.advance_run.delay(run_id=run.pk)
    tasks.sweep.delay()
    tasks.tick.delay()

    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert run.log.filter(message="The run is finished.").count() == 1
