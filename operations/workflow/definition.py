"""Reading and saving a whole definition: one document, one transaction, one new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from common.errors import Conflict
from operations.models import Activity, Transition, Workflow, WorkflowVersion
from operations.workflow.document import Definition, InvalidDefinition, Node, definition_of, parse, refuse_unknown_keys
from operations.workflow.graph import UNFINISHED, Fault, by_activity, clean
from operations.workflow.permission import ActivityNotAllowed, require_allowed
from operations.workflow.registry import activity_types, get_type

__all__ = [
    "ActivityNotAllowed",
    "InvalidDefinition",
    "VersionConflict",
    "definition_of",
    "read_definition",
    "save_definition",
]

Before = dict[str, tuple[str, Mapping[str, Any]]]


class VersionConflict(Conflict):
    """The definition was saved by somebody else since it was read."""


def read_definition(workflow: Workflow) -> dict[str, Any]:
    """The current definition as a document: its version, its activities, its transitions."""
    activities = Activity.objects.filter(workflow=workflow, retired=False).order_by("pk")
    transitions = Transition.objects.filter(source__workflow=workflow).order_by("pk")
    return {
        "version": Workflow.objects.values_list("version", flat=True).get(pk=workflow.pk),
        "activities": [_activity_document(activity) for activity in activities],
        "transitions": [
            {"source": source, "outlet": outlet, "target": target}
            for source, outlet, target in transitions.values_list("source__name", "outlet", "target__name")
        ],
    }


def _activity_document(activity: Activity) -> dict[str, Any]:
    read_only = get_type(activity.type).document(activity) if activity.type in activity_types else {}
    keys = ("name", "type", "label", "x", "y", "config")
    return {**read_only, **{key: getattr(activity, key) for key in keys}}


@transaction.atomic
def save_definition(workflow: Workflow, document: Mapping[str, Any], *, by: User | None = None) -> int:
    """Replace the definition and return its new version; an unfinished drawing may be saved.

    With a version in the document, the save is refused unless it is the current one. Raises InvalidDefinition,
    VersionConflict, ActivityNotAllowed (where `by` draws or changes what takes a permission). Runs keep the version
    with which they started.
    """
    locked = Workflow.objects.select_for_update(of=("self",)).select_related("operation").get(pk=workflow.pk)
    definition = parse(document)
    refuse_unknown_keys(document, added=_added_keys(locked, definition))
    _check_version(locked, document.get("version"))
    cleaned, faults = clean(definition, locked)
    _refuse([fault for fault in faults if fault.code not in UNFINISHED])
    if by is not None:
        require_allowed(cleaned.nodes.values(), _present(locked), by)
    _write(locked, cleaned)
    locked.version += 1
    locked.save(update_fields=["version"])
    WorkflowVersion.objects.create(workflow=locked, number=locked.version, definition=cleaned.document(), created_by=by)
    workflow.version = locked.version
    return locked.version


def _check_version(workflow: Workflow, version: Any) -> None:
    if version is not None and version != workflow.version:
        message = _("The definition is at version %(current)d, not %(given)s: read it again and repeat your change.")
        raise VersionConflict(message % {"current": workflow.version, "given": version})


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidDefinition("; ".join(map(str, faults)), fields=by_activity(faults))


def _added_keys(workflow: Workflow, definition: Definition) -> frozenset[str]:
    """What `ActivityType.document` adds to activities of these types."""
    codes = {node.type for node in definition.nodes.values()} & set(activity_types.codes())
    blanks = [Activity(pk=0, workflow=workflow, type=code) for code in codes]
    return frozenset(key for blank in blanks for key in get_type(blank.type).document(blank))


def _present(workflow: Workflow) -> Before:
    rows = Activity.objects.filter(workflow=workflow, retired=False).order_by("pk")
    return {name: (code, config) for name, code, config in rows.values_list("name", "type", "config")}


def _write(workflow: Workflow, definition: Definition) -> None:
    Transition.objects.filter(source__workflow=workflow).delete()
    known = {activity.name: activity for activity in Activity.objects.filter(workflow=workflow)}
    before: Before = {name: (activity.type, activity.config) for name, activity in known.items()}
    for name in known.keys() - definition.nodes.keys():
        _remove(known.pop(name))
    rows = {node.name: _write_activity(workflow, node, known.get(node.name)) for node in definition.nodes.values()}
    Transition.objects.bulk_create(
        Transition(source=rows[arrow.source], outlet=arrow.outlet, target=rows[arrow.target])
        for arrow in definition.arrows
    )
    for name, activity in rows.items():
        type_before, config_before = before.get(name, ("", {}))
        previous = config_before if type_before == activity.type else None
        get_type(activity.type).saved(activity, previous)


def _write_activity(workflow: Workflow, node: Node, activity: Activity | None) -> Activity:
    row = activity or Activity(workflow=workflow, name=node.name)
    row.type, row.label, row.x, row.y, row.retired = node.type, node.label, node.x, node.y, False
    row.config = dict(node.config)
    row.save()
    return row


def _remove(activity: Activity) -> None:
    """Delete it, unless something happened with it: then it is retired, and its name brings it back."""
    try:
        with transaction.atomic():
            activity.delete()
    except ProtectedError:
        Activity.objects.filter(pk=activity.pk).update(retired=True)
