"""Data loading (file): the people of CSV files in `VAR_DIR/files/in` are created or updated, and go on.

The engine is that of imports: separator and encoding are found out, records that can't be used are rejected singly,
with their reasons in a file of `files/out`. A loaded file may be moved to `files/archive`, once all it did is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.csv_lines import write_csv
from common.sentences import Parameter, Sentence
from operations import files
from operations.models import Activity, Population, PopulationMember, RunLog
from operations.workflow import populations
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.exchange import list_from_name, list_name
from operations.workflow.fields import FlagField, JsonField, ListField
from operations.workflow.registry import register
from recipients import lists
from recipients.filters.fields import is_attribute_name
from recipients.imports import ImportReport, UnusableFile, import_file
from recipients.imports.cells import READERS
from recipients.imports.mapping import ATTRIBUTES, KEYS, InvalidMapping
from recipients.imports.run import Listener
from recipients.models import RecipientList

FAIL, OUTLET = "fail", "outlet"
MISSING = "missing"
MAXIMUM_FILES = 100
MAXIMUM_HEADING = 500


class MappingField(JsonField):
    """`{"email": "E-mail", "attributes.town": "Ville"}`: headings of columns, by field."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "json", "fresh": {"email": "email"}}

    def check(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise forms.ValidationError(_("An object is needed here: headings of columns, by field."))
        for name, heading in value.items():
            known = name in READERS or name.replace("denylist.", "denylist_", 1) in READERS
            attribute = name.startswith(ATTRIBUTES) and is_attribute_name(name.removeprefix(ATTRIBUTES))
            if not known and not attribute:
                message = _("Unknown field: %(name)s; there are %(names)s.")
                names = ", ".join([*READERS, "attributes.<name>"])
                raise forms.ValidationError(message % {"name": name[:100], "names": names})
            if not isinstance(heading, str) or not 0 < len(heading) <= MAXIMUM_HEADING:
                raise forms.ValidationError(_("%(name)s: the heading of a column is a text.") % {"name": name})


class OptionalListField(ListField):
    def clean(self, value: Any) -> Any:
        return None if value in (None, "") else super().clean(value)


class DataLoadingFileConfig(ConfigForm):
    file = forms.CharField(
        label=gettext_lazy("File"),
        initial="people*.csv",
        max_length=200,
        help_text=gettext_lazy("A name in the folder files/in; “*” stands for any letters. All that match are loaded."),
    )
    mapping = MappingField(
        label=gettext_lazy("Columns"),
        help_text=gettext_lazy("Which column of the file fills which field."),
    )
    key = forms.ChoiceField(
        label=gettext_lazy("Key"),
        choices=[(name, name) for name in KEYS],
        initial="email",
        help_text=gettext_lazy("Who has this value already is updated, others are created."),
    )
    list = OptionalListField(
        label=gettext_lazy("List"),
        required=False,
        help_text=gettext_lazy("The list that the people join, if any."),
    )
    archive = FlagField(
        label=gettext_lazy("Archive the file"),
        initial=True,
        help_text=gettext_lazy("Once loaded, it is moved to files/archive; otherwise the next run loads it again."),
    )
    missing = forms.ChoiceField(
        label=gettext_lazy("If there is no file"),
        choices=[(FAIL, gettext_lazy("Fail")), (OUTLET, gettext_lazy("Leave by “missing”"))],
        initial=FAIL,
    )

    def clean_file(self) -> str:
        name: str = self.cleaned_data["file"]
        try:
            return files.check_pattern(name)
        except files.InvalidFileName as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if "mapping" in values and values.get("key") not in (None, *values["mapping"]):
            self.add_error("mapping", _("The key %(name)s has no column.") % {"name": values["key"]})
        return values


@register
class DataLoadingFile(ActivityType):
    code = "data_loading_file"
    label = gettext_lazy("Data loading (file)")
    description = gettext_lazy("Creates or updates the people of a CSV file, and goes on with them.")
    icon = "file-up"
    category = "actions"
    minimum_inbound = 0
    has_side_effects = True
    Config = DataLoadingFileConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", MISSING] if config.get("missing") == OUTLET else ["out"]

    def execute(self, context: TaskContext) -> Outcome:
        config = context.config
        found = files.matching(config["file"])[:MAXIMUM_FILES]
        if not found and config["missing"] == OUTLET:
            context.log(Sentence(gettext_noop("There is no file %(name)s in files/in."), {"name": config["file"]}))
            return Done({MISSING: context.single_inbound})
        if not found:
            raise ActivityFailed(_("There is no file %(name)s in files/in.") % {"name": config["file"]})
        loaded = Population.objects.create(task=context.task, outlet="out")
        for path in found:
            _load(context, path, loaded)
        loaded.count = PopulationMember.objects.filter(population=loaded).count()
        Population.objects.filter(pk=loaded.pk).update(count=loaded.count)
        if config.get("list"):
            _join(config["list"], loaded)
        return Done({"out": loaded})

    def exported(self, activity: Activity) -> dict[str, Any]:
        return list_name(activity.config) if activity.config.get("list") else dict(activity.config)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return list_from_name(exported) if exported.get("list") else dict(exported)


def _load(context: TaskContext, path: Path, loaded: Population) -> None:
    rejected: list[tuple[int, str]] = []
    listener = Listener(
        on_error=lambda line, reason: rejected.append((line, reason)),
        on_people=lambda numbers: _add(loaded, numbers),
    )
    try:
        report = import_file(path, mapping=context.config["mapping"], key=context.config["key"], listener=listener)
    except (UnusableFile, InvalidMapping) as error:
        raise ActivityFailed(f"{path.name}: {error}") from error
    _tell(context, path, report, rejected)
    if context.config["archive"]:
        target = files.archive() / f"{context.now:%Y%m%d-%H%M%S}-{path.name}"
        transaction.on_commit(lambda: path.replace(target))


def _add(loaded: Population, numbers: list[int]) -> None:
    """A batch of the import."""
    rows = [PopulationMember(population_id=loaded.pk, recipient_id=number) for number in numbers]
    PopulationMember.objects.bulk_create(rows, ignore_conflicts=True)


def _tell(context: TaskContext, path: Path, report: ImportReport, rejected: list[tuple[int, str]]) -> None:
    message = gettext_noop("%(file)s: %(created)d created, %(updated)d updated, %(unchanged)d unchanged.")
    counts = {"created": report.created, "updated": report.updated, "unchanged": report.unchanged}
    context.log(Sentence(message, {"file": path.name, **counts}))
    if not rejected:
        return
    name = f"rejected-{context.run.pk}-{path.name}"
    with files.written(name) as file:
        write_csv(file, [("line", "reason"), *rejected])
    message = gettext_noop("%(file)s: %(count)d records rejected, see files/out/%(name)s.")
    numbers: dict[str, Parameter] = {"file": path.name, "count": report.rejected, "name": name}
    context.log(Sentence(message, numbers), RunLog.Level.WARNING)


def _join(number: int, loaded: Population) -> None:
    target = RecipientList.objects.filter(pk=number).first()
    if target is None:
        raise ActivityFailed(_("There is no recipient list %(number)s any more.") % {"number": number})
    lists.append(recipient_list=target, rows=populations.members(loaded))
