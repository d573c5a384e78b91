"""What workflows keep of a person: added data, filters and logs that name them, the files they read and wrote."""

from __future__ import annotations

from datetime import datetime

from operations.files import inbox, outbox
from operations.models import (
    Activity,
    ActivityRun,
    Assignment,
    ExternalSignal,
    PopulationData,
    Rehearsal,
    RunLog,
    WorkflowRun,
    WorkflowVersion,
)
from recipients.erasure.erase import erasers
from recipients.erasure.mentions import erase_lines, erase_mentions
from recipients.erasure.person import Person


@erasers.register("operations")
def erase(person: Person, *, now: datetime) -> int:
    rows: int = PopulationData.objects.filter(recipient=person.id).delete()[0]
    for objects, fields in _DOCUMENTS:
        rows += erase_mentions(objects.all(), person, *fields)
    files = [path for folder in (inbox(), outbox()) for path in folder.iterdir() if path.is_file()]
    return rows + erase_lines(files, person)


_DOCUMENTS = (
    (Activity.objects, ("config",)),
    (WorkflowVersion.objects, ("definition",)),
    (WorkflowRun.objects, ("vars", "error")),
    (ActivityRun.objects, ("memo", "error")),
    (RunLog.objects, ("message", "sentence")),
    (ExternalSignal.objects, ("parameters",)),
    (Rehearsal.objects, ("result", "error")),
    (Assignment.objects, ("title", "message", "comment")),
)
