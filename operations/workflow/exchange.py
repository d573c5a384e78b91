"""Definitions as YAML files that another installation can read: lists and services go by internal name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

import yaml
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.names import NamedModel
from common.registry import UnknownCode
from operations.models import Activity, Operation, Workflow
from operations.workflow.config import InvalidConfig
from operations.workflow.definition import InvalidDefinition, read_definition, save_definition
from operations.workflow.document import MAXIMUM_LABEL, parse, refuse_unknown_keys
from operations.workflow.permission import require_allowed
from operations.workflow.registry import activity_types, get_type
from recipients.filters.behaviours import scopes
from recipients.filters.references import LISTS, SAVED, SERVICES, rows_of
from recipients.models import SavedFilter

# The keys of a filter that hold a row's number.
NUMBERED = (LISTS, SERVICES, SAVED)
# Parameters of a saved filter whose value is the number of a row.
PARAMETERS = {"list": LISTS, "service": SERVICES}
ENTRY_KEYS = ("name", "type", "label", "x", "y")
# Of the workflow itself; read when a file becomes a new one.
SETTINGS = ("label", "description", "time_zone")
MAXIMUM_SIZE = 5_000_000
# (kind of row, number or name) -> name or number.
Translate = Callable[[str, Any], Any]
MAXIMUM_FILE_NAME = 80


def export_document(workflow: Workflow) -> str:
    """The current definition as YAML: no version, no numbers of this installation."""
    current = read_definition(workflow)
    activities = Activity.objects.filter(workflow=workflow, retired=False).order_by("pk")
    document = {
        **{key: getattr(workflow, key) for key in SETTINGS},
        "activities": [
            {**{key: getattr(activity, key) for key in ENTRY_KEYS}, "config": _exported(activity)}
            for activity in activities
        ],
        "transitions": current["transitions"],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


@transaction.atomic
def import_document(workflow: Workflow, text: str, *, by: User | None = None) -> int:
    """Replace the definition by an exported one; return its version. Raises InvalidDefinition."""
    document = _load(text)
    exported = {str(entry.get("name")): entry.get("config") or {} for entry in document["activities"]}
    entries = [_imported_entry(entry) for entry in document["activities"]]
    version = save_definition(
        workflow, {"activities": entries, "transitions": document.get("transitions") or []}, by=by
    )
    for activity in Activity.objects.filter(workflow=workflow, retired=False).order_by("pk"):
        get_type(activity.type).restored(activity, exported[activity.name])
    return version


@transaction.atomic
def import_workflow(text: str, *, operation: Operation | None = None, by: User | None = None) -> Workflow:
    """A new workflow, being edited, from an exported one. Raises InvalidDefinition."""
    document = _load(text)
    settings = {key: str(document.get(key) or "") for key in SETTINGS}
    if settings["time_zone"] and settings["time_zone"] not in available_timezones():
        raise _unreadable(_("there is no time zone “%(zone)s”") % {"zone": settings["time_zone"]})
    settings["label"] = settings["label"][:MAXIMUM_LABEL] or _("Imported workflow")
    workflow = Workflow.objects.create(operation=operation, **settings)
    import_document(workflow, text, by=by)
    workflow.refresh_from_db()
    return workflow


def imported_definition(workflow: Workflow, text: str, *, by: Any) -> dict[str, Any]:
    """The document of an exported workflow as it would stand in this one; nothing is saved.

    `warnings` says what of the file a drawing can't hold. Raises InvalidDefinition, ActivityNotAllowed.
    """
    document = _load(text)
    entries = [_imported_entry(entry) for entry in document["activities"]]
    definition = {"activities": entries, "transitions": document.get("transitions") or []}
    drawing = parse(definition)
    refuse_unknown_keys(definition)
    require_allowed(drawing.nodes.values(), {}, by)
    return {"version": workflow.version, **drawing.document(), "warnings": _left_behind(document, entries)}


def exported_file_name(workflow: Workflow) -> str:
    return f"{workflow.internal_name[:MAXIMUM_FILE_NAME] or workflow.pk}.yaml"


def list_name(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its `list` by internal name."""
    return {**config, "list": _to_name(LISTS, config["list"])}


def list_from_name(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its `list` by number. Raises InvalidConfig."""
    return {**exported, "list": _to_number(LISTS, exported.get("list"))}


def _exported(activity: Activity) -> Any:
    config = get_type(activity.type).exported(activity) if activity.type in activity_types else activity.config
    return _translated(config, _to_name)


def _imported_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    config = entry.get("config") or {}
    try:
        config = _translated(config, _to_number)
        if entry.get("type") in activity_types and isinstance(config, Mapping):
            config = get_type(str(entry["type"])).imported(config)
    except InvalidConfig as error:
        name = str(entry.get("name"))
        raise InvalidDefinition(f"invalid_config: {name}: {error}", fields={name: [str(error)]}) from error
    return {**entry, "config": config}


def _left_behind(document: Mapping[str, Any], entries: list[dict[str, Any]]) -> list[str]:
    """What only an import that saves puts back (`restored`): the contents of messages."""
    pairs = zip(document["activities"], entries, strict=True)
    losing = [
        str(entry.get("label") or entry.get("name"))
        for entry, imported in pairs
        if isinstance(entry.get("config"), Mapping) and not set(entry["config"]) <= set(imported["config"])
    ]
    if not losing:
        return []
    message = _("A drawing holds no contents of messages; those in the file are left out: %(names)s.")
    return [message % {"names": ", ".join(f"“{name}”" for name in losing)}]


def _translated(value: Any, translate: Translate) -> Any:
    if isinstance(value, list):
        return [_translated(item, translate) for item in value]
    if not isinstance(value, Mapping):
        return value
    document = {key: _translated_key(value, key, item, translate) for key, item in value.items()}
    # The names of its parameters are known only with the saved filter's number.
    number = value[SAVED] if isinstance(value.get(SAVED), int) else document.get(SAVED)
    if isinstance(number, int) and isinstance(value.get("with"), Mapping):
        document["with"] = _translated_parameters(value["with"], number, translate)
    return document


def _translated_key(node: Mapping[str, Any], key: str, item: Any, translate: Translate) -> Any:
    if key in NUMBERED:
        return translate(key, item)
    if key == "of" and "delivery" in node and isinstance(item, Mapping):
        return {code: translate(code, number) if code in scopes else number for code, number in item.items()}
    return _translated(item, translate)


def _translated_parameters(given: Mapping[str, Any], number: int, translate: Translate) -> dict[str, Any]:
    declared = SavedFilter.objects.filter(pk=number).values_list("parameters", flat=True).first() or []
    kinds = {entry["name"]: PARAMETERS.get(entry.get("kind", "")) for entry in declared}
    return {name: translate(kind, value) if (kind := kinds.get(name)) else value for name, value in given.items()}


def _to_name(kind: str, number: Any) -> Any:
    rows = _rows(kind)
    field = _name_of(rows)
    # A row that is gone has no name: its number at least says which it was.
    name = rows.filter(pk=number).values_list(field, flat=True).first() or number
    is_shared = field == "label" and rows.filter(label=name).exclude(pk=number).exists()
    return {"label": name, "id": number} if is_shared else name


def _to_number(kind: str, name: Any) -> Any:
    rows = _rows(kind)
    field = _name_of(rows)
    wanted: dict[str, Any] = {field: str(name)}
    if field == "label" and isinstance(name, Mapping):
        # One of several with this label: in this installation only.
        wanted, name = {"label": str(name.get("label")), "pk__in": [name.get("id")]}, name.get("label")
    found = list(rows.filter(**wanted).values_list("pk", flat=True)[:2])
    if len(found) == 1:
        return found[0]
    message = _("There is no %(kind)s with the internal name “%(name)s”.")
    if not issubclass(rows.model, NamedModel):
        message = _("There is not exactly one %(kind)s “%(name)s” here.")
    raise InvalidConfig(message % {"kind": rows.model._meta.verbose_name, "name": name})


def _rows(kind: str) -> QuerySet[Any]:
    rows = rows_of(kind)
    if rows is None:
        raise UnknownCode(kind)
    return rows.order_by()


def _name_of(rows: QuerySet[Any]) -> str:
    """Rows without an internal name, such as deliveries, travel by their label; with the number if others share it."""
    return "internal_name" if issubclass(rows.model, NamedModel) else "label"


def _load(text: str) -> Any:
    if len(text) > MAXIMUM_SIZE:
        raise _unreadable(_("the file is too large"))
    try:
        # An alias makes a small file huge once it is read.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise _unreadable(_("aliases are not allowed"))
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    activities = document.get("activities") if isinstance(document, dict) else None
    if not isinstance(activities, list) or not all(isinstance(entry, dict) for entry in activities):
        raise _unreadable(_("there is no list of activities"))
    return document


def _unreadable(why: str) -> InvalidDefinition:
    message = _("This is not an exported workflow: %(why)s.") % {"why": why}
    return InvalidDefinition(message, fields={"definition": [message]})
