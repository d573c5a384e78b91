"""One activity, checked while it is being edited: nothing is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.admin.activity_links import links_of
from operations.admin.canvas.summaries import summary_of
from operations.admin.canvas.types import outlet_labels
from operations.models import Activity, Workflow
from operations.workflow.base import Scope
from operations.workflow.document import Node
from operations.workflow.graph import outlets_of
from operations.workflow.permission import may_draw
from operations.workflow.registry import activity_types, get_type


def validation_document(request: HttpRequest, workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the panel shows of `{"name", "type", "config", "sources"}`; `config` is None while there are errors."""
    code, name = str(given.get("type", "")), str(given.get("name", ""))
    if code not in activity_types:
        return {"config": None, "errors": {"type": [_("There is no such type of activity.")]}, **_nothing()}
    config, errors = _cleaned(workflow, code, given)
    if not may_draw(get_type(code), request.user):
        errors = {**errors, "type": [_("You have no permission for this activity.")]}
    shown = given.get("config") if config is None else config
    outlets = outlets_of(Node(name, code, "", 0, 0, shown if isinstance(shown, Mapping) else {})) or []
    activity = Activity.objects.filter(workflow=workflow, name=name, type=code, retired=False).first()
    return {
        "config": None if errors else config,
        "errors": errors,
        "outlets": outlets,
        "outlet_labels": outlet_labels(outlets),
        "summary": "" if config is None else summary_of(get_type(code), config, Scope(workflow, workflow.operation)),
        "added": [] if config is None else get_type(code).adds(config),
        "explanation": str(get_type(code).explanation(config or {})),
        **_links(activity, request),
    }


def _cleaned(
    workflow: Workflow, code: str, given: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, list[str]]]:
    raw = given.get("sources")
    sources = [name for name in raw if isinstance(name, str)] if isinstance(raw, list) else []
    try:
        scope = Scope(workflow, workflow.operation)
        return get_type(code).clean(given.get("config") or {}, scope=scope, sources=sources), {}
    except Invalid as error:
        return None, error.fields or {"config": [str(error)]}


def _links(activity: Activity | None, request: HttpRequest) -> dict[str, Any]:
    links = links_of(activity, request)
    return {
        "proof": vars(links.proof) if links.proof else None,
        "preview_url": links.preview_url,
        "edit_url": links.edit_url,
        "pages": [vars(page) for page in links.pages],
    }


def _nothing() -> dict[str, Any]:
    labels: dict[str, str] = {}
    none: dict[str, Any] = {"proof": None, "preview_url": None, "edit_url": None, "pages": []}
    return {"outlets": [], "outlet_labels": labels, "summary": "", "added": [], "explanation": "", **none}
