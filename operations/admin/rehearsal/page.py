"""The tab "Rehearsal" of a workflow's page, and the addresses of one rehearsal."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.badges import badge
from common.charts import Part, progress_bar
from common.figures import count
from operations.admin.rehearsal.document import asked_by, drawn_document, engine, is_moving
from operations.admin.rehearsal.rows import label_of, run_rows
from operations.admin.rehearsal.table_file import table_file
from operations.admin.rehearsal.totals import comparison_of, total_of, weeks_of
from operations.models import Rehearsal, RehearsalState, Workflow
from operations.rehearsal.request import DEFAULT_WEEKS, MAXIMUM_WEEKS
from operations.workflow.definition import read_definition
from operations.workflow.document import parse
from operations.workflow.graph import find_faults

VIEW, RUN = "operations.view_workflow", "operations.run_workflow"
EARLIER, ROWS = 20, 50


def rehearsal_tab(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    """`?shown=` is the number of a rehearsal, else it is the latest; `?page=` turns the table of its runs."""
    rehearsals = list(_rehearsals(workflow).defer("result")[:EARLIER])
    shown = _shown(request.GET.get("shown", ""), workflow)
    for rehearsal in rehearsals:
        _dress(rehearsal)
    return {
        "faults": _faults(workflow),
        "may_run": request.user.has_perm(RUN),
        "ask_url": reverse("admin:operations_workflow_action", args=[workflow.pk, "rehearse"]),
        "drawing_url": reverse("admin:operations_workflow_change", args=[workflow.pk]),
        "weeks": DEFAULT_WEEKS,
        "maximum_weeks": MAXIMUM_WEEKS,
        "zone": workflow.zone_name(),
        "rehearsals": rehearsals,
        "shown": shown,
        **(_result(shown, request) if shown is not None else {}),
    }


def rehearsal_document_view(page: Any, request: HttpRequest, pk: int, number: int) -> JsonResponse:
    """`{"rehearsal": …}` for the drawing; the number 0 is the latest one, null where there is none."""
    shown = _shown(str(number) if number else "", _workflow(request, pk))
    return JsonResponse({"rehearsal": None if shown is None else drawn_document(shown)})


def rehearsal_file_view(page: Any, request: HttpRequest, pk: int, number: int) -> HttpResponse:
    return table_file(get_object_or_404(_rehearsals(_workflow(request, pk)), pk=number))


def _workflow(request: HttpRequest, pk: int) -> Workflow:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    return get_object_or_404(Workflow, pk=pk)


def _rehearsals(workflow: Workflow) -> Any:
    rows = Rehearsal.objects.filter(workflow=workflow).order_by("-pk")
    return rows.select_related("requested_by", "version", "workflow__operation")


def _shown(number: str, workflow: Workflow) -> Rehearsal | None:
    rows = _rehearsals(workflow)
    found: Rehearsal | None = get_object_or_404(rows, pk=number) if number.isdecimal() else rows.first()
    return found


def _faults(workflow: Workflow) -> list[dict[str, str]]:
    """What keeps the saved drawing from being rehearsed; one fault where nothing is drawn."""
    if not workflow.version:
        return [{"activity": "", "message": _("The workflow is empty: draw and save it first.")}]
    document = read_definition(workflow)
    drawing = parse(document)
    return [
        {"activity": label_of(drawing, fault.activity) if fault.activity else "", "message": str(fault.message)}
        for fault in find_faults(document, workflow)
    ]


def _dress(rehearsal: Rehearsal) -> None:
    days = (rehearsal.ends_at - rehearsal.starts_at).days
    weeks = max(1, round(days / 7))
    rehearsal.look = badge(RehearsalState(rehearsal.state))  # type: ignore[attr-defined]
    rehearsal.by = asked_by(rehearsal)  # type: ignore[attr-defined]
    rehearsal.weeks = ngettext("%(count)d week", "%(count)d weeks", weeks) % {"count": weeks}  # type: ignore[attr-defined]


def _result(shown: Rehearsal, request: HttpRequest) -> dict[str, Any]:
    _dress(shown)
    rows = run_rows(shown)
    return {
        "moving": is_moving(shown),
        "engine": engine() if is_moving(shown) else None,
        "progress": _progress(shown),
        "rows": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "total": total_of(rows),
        "week_totals": weeks_of(rows),
        "is_longer_than_a_week": (shown.ends_at - shown.starts_at).days > 7,
        "comparison": comparison_of(shown) if shown.state == RehearsalState.DONE else None,
        "truncated": shown.result.get("truncated", False),
        "suspended": shown.result.get("suspended", False),
        "file_url": reverse("admin:operations_workflow_rehearsal_file", args=[shown.workflow_id, shown.pk]),
        "result_url": f"{request.path}?shown={shown.pk}",
    }


def _progress(shown: Rehearsal) -> dict[str, Any] | None:
    """None where no figure is known: SQLite's one writer is the simulation itself."""
    if not shown.planned or not is_moving(shown):
        return None
    values = {"done": count(shown.done), "planned": count(shown.planned)}
    sentence = _("%(done)s of %(planned)s runs are rehearsed.") % values
    bar = progress_bar([Part(_("rehearsed"), shown.done, "run")], total=shown.planned, sentence=sentence, size="l")
    return {"sentence": sentence, "bar": bar}
