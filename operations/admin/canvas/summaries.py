"""One line for the node of an activity: what it does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.names import NamedModel
from operations.admin.activity_links import activity_summaries
from operations.schedule_words import schedule_sentence
from operations.workflow.base import ActivityType, Scope
from operations.workflow.schema import form_schema
from recipients.models import RecipientList
from recipients.query.words import words

LINE = 120


def summary_of(activity_type: ActivityType, config: Mapping[str, Any], scope: Scope) -> str:
    """Of a valid configuration; empty where there is nothing to say."""
    if activity_type.is_scheduler:
        return schedule_sentence(config["schedule"])
    if activity_type.code in activity_summaries:
        return activity_summaries.get(activity_type.code)(config)
    return _first_choice(config, form_schema(activity_type, scope))


def _first_choice(config: Mapping[str, Any], fields: list[dict[str, Any]]) -> str:
    """What is chosen in the first list of choices of the panel."""
    for field in fields:
        labels = {value: str(label) for value, label in field.get("choices", [])} if "choices" in field else {}
        value = config.get(field["name"])
        # Of several choices the value is a list.
        if isinstance(value, str | int) and value in labels:
            return labels[value]
    return ""


@activity_summaries.register("query")
def _query(config: Mapping[str, Any]) -> str:
    return filter_sentence(config["filter"])


@activity_summaries.register("incremental_query")
def _incremental_query(config: Mapping[str, Any]) -> str:
    return _("new: %(filter)s") % {"filter": filter_sentence(config["filter"])}


@activity_summaries.register("wait")
def _wait(config: Mapping[str, Any]) -> str:
    count = config["duration"]
    words = {
        "minutes": ngettext("%(count)d minute", "%(count)d minutes", count),
        "hours": ngettext("%(count)d hour", "%(count)d hours", count),
        "days": ngettext("%(count)d day", "%(count)d days", count),
    }
    return words[config["unit"]] % {"count": count}


@activity_summaries.register("read_list")
@activity_summaries.register("list_update")
def _list(config: Mapping[str, Any]) -> str:
    return _label(RecipientList, config["list"])


@activity_summaries.register("split")
def _split(config: Mapping[str, Any]) -> str:
    return ", ".join(str(subset["name"]) for subset in config["subsets"])


@activity_summaries.register("test")
def _test(config: Mapping[str, Any]) -> str:
    return ", ".join(str(condition["name"]) for condition in config["conditions"])


@activity_summaries.register("fork")
def _fork(config: Mapping[str, Any]) -> str:
    return ", ".join(config["outlets"])


@activity_summaries.register("deduplication")
def _deduplication(config: Mapping[str, Any]) -> str:
    return ", ".join(config["by"])


@activity_summaries.register("and_join")
@activity_summaries.register("exclusion")
def _main(config: Mapping[str, Any]) -> str:
    return str(config.get("main") or "")


@activity_summaries.register("end")
def _end(config: Mapping[str, Any]) -> str:
    return _("ends the run") if config.get("stop_all") else ""


def filter_sentence(document: Any) -> str:
    """A valid filter read back, shortened to a line."""
    return truncate(words(document))


def truncate(sentence: str) -> str:
    return sentence if len(sentence) <= LINE else f"{sentence[: LINE - 1]}…"


def _label(model: type[NamedModel], number: Any) -> str:
    return model._default_manager.filter(pk=number).values_list("label", flat=True).first() or ""
