"""The addresses under a workflow's page that its scripts call: thin, one function each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.audit import ADMIN, Deed, record
from common.doorbell import ring
from common.errors import Invalid, Refused
from operations import tasks
from operations.admin.canvas.data import fault_documents
from operations.admin.canvas.editing import keep_editing
from operations.admin.canvas.logs import log_document
from operations.admin.canvas.populations import population_document, population_file, population_of, way_of
from operations.admin.canvas.schedule_preview import preview_document
from operations.admin.canvas.state import run_label, state_document
from operations.admin.canvas.validation import validation_document
from operations.admin.canvas.versions import version_document, version_documents
from operations.models import Workflow, WorkflowVersion
from operations.restart import restart_task
from operations.workflow.exchange import MAXIMUM_SIZE, export_document, exported_file_name, imported_definition
from recipients.models import Recipient

VIEW, CHANGE, RUN = "operations.view_workflow", "operations.change_workflow", "operations.run_workflow"
SEE_PEOPLE = "recipients.view_recipient"
Answer = Callable[[Any, HttpRequest, Workflow], HttpResponseBase]


class MalformedRequest(Invalid):
    """The body of the request is not the JSON object that was expected."""


@dataclass(frozen=True)
class Endpoint:
    method: str
    permission: str
    answer: Answer


def canvas_view(page: Any, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """The endpoint with this name; refusals are `{"code", "detail", "fields"}` with status 400."""
    endpoint = ENDPOINTS.get(name)
    workflow = Workflow.objects.select_related("operation").filter(pk=pk).first()
    if endpoint is None or workflow is None:
        raise Http404
    if request.method != endpoint.method:
        return HttpResponseNotAllowed([endpoint.method])
    if not request.user.has_perm(VIEW) or not request.user.has_perm(endpoint.permission):
        raise PermissionDenied
    try:
        return endpoint.answer(page, request, workflow)
    except Refused as error:
        return JsonResponse({"code": error.code, "detail": str(error), "fields": error.fields}, status=400)


def version_view(page: Any, request: HttpRequest, pk: int, number: int) -> JsonResponse:
    """One version, and what changed since."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    workflow = get_object_or_404(Workflow, pk=pk)
    row = get_object_or_404(WorkflowVersion.objects.select_related("created_by"), workflow=workflow, number=number)
    return JsonResponse(version_document(workflow, row))


def population_view(page: Any, request: HttpRequest, pk: int, population: int) -> HttpResponseBase:
    """The people as a page, as JSON (`?format=json`) or as a file (`?format=csv`)."""
    if not request.user.has_perm(VIEW) or not request.user.has_perm(SEE_PEOPLE):
        raise PermissionDenied
    workflow = get_object_or_404(Workflow, pk=pk)
    found = population_of(workflow, population)
    if found is None:
        raise Http404
    wanted = request.GET.get("format", "")
    if wanted == "csv":
        return population_file(found)
    document = population_document(request, workflow, found)
    if wanted == "json":
        return JsonResponse(document)
    context = {**_page(page, request, workflow), "people": document, "run_label": run_label(found.task.run, workflow)}
    return TemplateResponse(request, "admin/operations/workflow/population.html", context)


def why_view(page: Any, request: HttpRequest, pk: int, population: int, recipient: int) -> HttpResponseBase:
    """Why this person is in the population."""
    if not request.user.has_perm(VIEW) or not request.user.has_perm(SEE_PEOPLE):
        raise PermissionDenied
    workflow, person = get_object_or_404(Workflow, pk=pk), get_object_or_404(Recipient, pk=recipient)
    found = population_of(workflow, population)
    if found is None:
        raise Http404
    context = {
        **_page(page, request, workflow),
        "person": person,
        "population": found,
        "steps": way_of(found, person),
        "is_in": found.members.filter(recipient_id=person.pk).exists(),
    }
    return TemplateResponse(request, "admin/operations/workflow/why.html", context)


def _page(page: Any, request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    site = page.admin_site.each_context(request)
    return {**site, "title": str(workflow), "workflow": workflow, "opts": page.opts}


def _state(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    return JsonResponse(state_document(request, workflow, page.buttons(request, workflow)))


def _validate(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    """One activity, or several at once: `{"activities": […]}` → `{"answers": {name: …}}`."""
    body = _body(request)
    several = body.get("activities")
    if not isinstance(several, list):
        return JsonResponse(validation_document(request, workflow, body))
    given = {str(each.get("name", "")): each for each in several if isinstance(each, dict)}
    return JsonResponse(
        {"answers": {name: validation_document(request, workflow, each) for name, each in given.items()}}
    )


def _faults(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    """What would keep the given drawing from being started."""
    return JsonResponse({"faults": fault_documents(_body(request), workflow)})


def _versions(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    before = request.GET.get("before", "")
    rows = version_documents(workflow, int(before) if before.isdigit() else None)
    keys = ("number", "by", "at", "is_current", "summary")
    return JsonResponse({"versions": [{key: row[key] for key in keys} for row in rows]})


def _export(page: Any, request: HttpRequest, workflow: Workflow) -> HttpResponse:
    answer = HttpResponse(export_document(workflow), content_type="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{exported_file_name(workflow)}"'
    return answer


def _import(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    given = request.FILES.get("file")
    text = _text(given.read(MAXIMUM_SIZE + 1)) if given is not None else str(_body(request).get("yaml", ""))
    return JsonResponse({"definition": imported_definition(workflow, text, by=request.user)})


def _task_log(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    return JsonResponse(log_document(request, workflow))


def _editing(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    body = _body(request)
    active, take = body.get("active") is True, body.get("take") is True
    keep_editing(workflow.pk, request.user, active=active, take=take, now=timezone.now())
    return JsonResponse({})


def _restart(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    body, now = _body(request), timezone.now()
    run = restart_task(workflow=workflow, run_id=body.get("run"), name=body.get("task"), now=now)
    record(Deed(workflow, "restart", ADMIN, request.user, now, detail={"run": run.pk, "task": body.get("task")}))
    ring(tasks.advance_run, run_id=run.pk)
    workflow.refresh_from_db()
    return _state(page, request, workflow)


def _schedule_preview(page: Any, request: HttpRequest, workflow: Workflow) -> JsonResponse:
    return JsonResponse(preview_document(_body(request), workflow=workflow, now=timezone.now()))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedRequest(_("The file is not a text in UTF-8.")) from error


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        document = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(_("The request is not JSON.")) from error
    if not isinstance(document, dict):
        raise MalformedRequest(_("The request is not a JSON object."))
    return document


ENDPOINTS = {
    "state": Endpoint("GET", VIEW, _state),
    "validate": Endpoint("POST", VIEW, _validate),
    "faults": Endpoint("POST", VIEW, _faults),
    "versions": Endpoint("GET", VIEW, _versions),
    "export": Endpoint("GET", VIEW, _export),
    "import": Endpoint("POST", CHANGE, _import),
    "task_log": Endpoint("GET", VIEW, _task_log),
    "editing": Endpoint("POST", CHANGE, _editing),
    "restart": Endpoint("POST", RUN, _restart),
    "schedule_preview": Endpoint("POST", VIEW, _schedule_preview),
}
