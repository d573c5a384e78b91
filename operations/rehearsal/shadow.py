"""The copy that plays the runs: nothing of the real workflow is written or locked, so it goes on meanwhile.

The copy lives in the transaction of the simulation, which is undone; only the memory of incremental queries is copied
with it, because it decides whom they return.
"""

from __future__ import annotations

from django.db import connection

from common.sql import execute
from operations.models import Activity, IncrementalMark, IncrementalMember, Workflow, WorkflowState, WorkflowVersion
from operations.workflow.base import REHEARSAL


def make_shadow(version: WorkflowVersion) -> Workflow:
    """A started copy of the workflow with this version of its definition, and with its memory."""
    original = version.workflow
    shadow = Workflow.objects.create(
        label=original.label,
        operation=original.operation,
        state=WorkflowState.STARTED,
        time_zone=original.time_zone,
        version=version.number,
        started_at=original.started_at or version.created_at,
    )
    WorkflowVersion.objects.create(workflow=shadow, number=version.number, definition=version.definition)
    originals = {row.name: row for row in Activity.objects.filter(workflow=original, retired=False)}
    copies = Activity.objects.bulk_create(_copy(row, shadow) for row in originals.values())
    for copy in copies:
        _copy_memory(originals[copy.name].pk, copy.pk)
    return shadow


def run_variables(original: Workflow) -> dict[str, int]:
    """What tells the tasks of a simulated run that they are one, and of which workflow."""
    return {REHEARSAL: original.pk}


def _copy(row: Activity, shadow: Workflow) -> Activity:
    return Activity(workflow=shadow, name=row.name, type=row.type, label=row.label, config=row.config)


def _copy_memory(original: int, copy: int) -> None:
    table = connection.ops.quote_name(IncrementalMember._meta.db_table)
    execute(
        f"INSERT INTO {table} (activity_id, recipient_id, returned_at, run_id) "
        f"SELECT %s, recipient_id, returned_at, run_id FROM {table} WHERE activity_id = %s",
        [copy, original],
    )
    mark = IncrementalMark.objects.filter(activity=original).first()
    if mark is not None:
        IncrementalMark.objects.create(activity_id=copy, read_until=mark.read_until)
