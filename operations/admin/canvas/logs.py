"""The log of a run, or of one of its tasks, in pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from operations.models import RunLog, Workflow

LINES = 200


def log_document(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    """`?run=&name=`: the latest lines first; `next` is the `before` of the page with older ones."""
    run, name, before = (request.GET.get(key, "") for key in ("run", "name", "before"))
    rows = RunLog.objects.filter(run__workflow=workflow, run=int(run) if run.isdigit() else None)
    rows = rows.select_related("task__activity").order_by("-pk")
    if name:
        rows = rows.filter(task__name=name)
    if before.isdigit():
        rows = rows.filter(pk__lt=int(before))
    lines = list(rows[: LINES + 1])
    return {
        "lines": [_line(line) for line in lines[:LINES]],
        "next": lines[LINES - 1].pk if len(lines) > LINES else None,
    }


def _line(line: RunLog) -> dict[str, Any]:
    return {
        "id": line.pk,
        "at": line.at.isoformat(),
        "level": line.level,
        "level_label": line.get_level_display(),
        "activity": line.task.name if line.task else "",
        "activity_label": str(line.task.activity) if line.task else "",
        "text": line.text,
    }
