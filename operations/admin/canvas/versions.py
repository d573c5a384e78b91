"""The saved versions of a drawing: who, when, and what changed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations.admin.canvas.differences import Difference, differences
from operations.models import Workflow, WorkflowVersion
from operations.workflow.definition import read_definition
from operations.workflow.document import parse

SHOWN = 50


def latest_version(workflow: Workflow) -> dict[str, Any] | None:
    """`{"version", "by", "at"}` of the last save; None before the first."""
    row = workflow.versions.select_related("created_by").defer("definition").order_by("-number").first()
    return None if row is None else {"version": row.number, "by": author(row), "at": row.created_at.isoformat()}


def version_documents(workflow: Workflow, before: int | None = None) -> list[dict[str, Any]]:
    """The latest versions (those before the given number), each with what it changed."""
    rows = workflow.versions.select_related("created_by").order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows[: SHOWN + 1])
    older = [*found[1:], None]
    return [_line(row, previous, workflow) for row, previous in zip(found, older, strict=True)][:SHOWN]


def version_document(workflow: Workflow, row: WorkflowVersion) -> dict[str, Any]:
    """The version's definition, and how the present one differs from it."""
    current = read_definition(workflow)
    return {
        "number": row.number,
        "by": author(row),
        "at": row.created_at.isoformat(),
        "is_current": row.number == workflow.version,
        "definition": {**row.definition, "version": workflow.version},
        "diff": [change.document() for change in differences(parse(row.definition), parse(current))],
    }


def author(row: WorkflowVersion) -> str:
    return (row.created_by.get_full_name() or row.created_by.get_username()) if row.created_by else ""


def _line(row: WorkflowVersion, previous: WorkflowVersion | None, workflow: Workflow) -> dict[str, Any]:
    before = parse(previous.definition if previous else {})
    return {
        "number": row.number,
        "by": author(row),
        "at": row.created_at.isoformat(),
        "created_at": row.created_at,
        "is_current": row.number == workflow.version,
        "summary": summary(differences(before, parse(row.definition))),
    }


def summary(changes: list[Difference]) -> str:
    """“2 activities added, 1 changed”."""
    added = sum(change.kind == "added" and change.is_activity for change in changes)
    removed = sum(change.kind == "removed" and change.is_activity for change in changes)
    changed = sum(change.kind == "changed" for change in changes)
    moved = sum(change.kind == "moved" for change in changes)
    arrows = sum(not change.is_activity for change in changes)
    parts = [
        added and ngettext("%(count)d activity added", "%(count)d activities added", added) % {"count": added},
        removed and ngettext("%(count)d removed", "%(count)d removed", removed) % {"count": removed},
        changed and ngettext("%(count)d changed", "%(count)d changed", changed) % {"count": changed},
        arrows and ngettext("%(count)d transition", "%(count)d transitions", arrows) % {"count": arrows},
        moved and ngettext("%(count)d moved", "%(count)d moved", moved) % {"count": moved},
    ]
    return ", ".join(part for part in parts if part) or _("nothing changed")
