"""Definitions as YAML files that another installation can read: lists and services go by internal name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from common.names import NamedModel
from operations.models import Activity, Workflow
from operations.workflow.config import InvalidConfig
from operations.workflow.definition import InvalidDefinition, read_definition, save_definition
from operations.workflow.registry import activity_types, get_type
from recipients.models import RecipientList, Service

# The keys of a filter that hold a row's number.
NUMBERED: dict[str, type[NamedModel]] = {"in_list": RecipientList, "subscribed_to": Service}
ENTRY_KEYS = ("name", "type", "label", "x", "y")
MAXIMUM_SIZE = 5_000_000


def export_document(workflow: Workflow) -> str:
    """The current definition as YAML: no version, no numbers of this installation."""
    current = read_definition(workflow)
    activities = Activity.objects.filter(workflow=workflow, retired=False).order_by("pk")
    document = {
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


def list_name(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its `list` by internal name."""
    return {**config, "list": _to_name(RecipientList, config["list"])}


def list_from_name(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its `list` by number. Raises InvalidConfig."""
    return {**exported, "list": _to_number(RecipientList, exported.get("list"))}


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


def _translated(value: Any, translate: Callable[[type[NamedModel], Any], Any]) -> Any:
    if isinstance(value, list):
        return [_translated(item, translate) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: translate(NUMBERED[key], item) if key in NUMBERED else _translated(item, translate)
        for key, item in value.items()
    }


def _to_name(model: type[NamedModel], number: Any) -> Any:
    # A row that is gone has no name: its number at least says which it was.
    return model._default_manager.filter(pk=number).values_list("internal_name", flat=True).first() or number


def _to_number(model: type[NamedModel], name: Any) -> Any:
    number = model._default_manager.filter(internal_name=str(name)).values_list("pk", flat=True).first()
    if number is None:
        message = _("There is no %(kind)s with the internal name “%(name)s”.")
        raise InvalidConfig(message % {"kind": model._meta.verbose_name, "name": name})
    return number


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
