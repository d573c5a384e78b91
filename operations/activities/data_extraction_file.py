"""Data extraction (file): the people who come in as a CSV file in `VAR_DIR/files/out`; they go on.

The name may say when: `customers-{{ scheduled_for.date }}.csv`. The file appears complete, and a task that is repeated
writes the same one again. Cells that a spreadsheet would take for a formula begin with an apostrophe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from django import forms
from django.db.models import F, Subquery
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.csv_lines import write_csv
from common.sentences import Sentence
from operations import files
from operations.models import Population
from operations.workflow import populations
from operations.workflow.added_data import PREFIX, check_name, data_of
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.expressions import InvalidExpression
from operations.workflow.fields import (
    JsonField,
    RecipientField,
    check_recipient_field,
    recipient_expression,
    require_objects,
)
from operations.workflow.registry import register
from operations.workflow.texts import PLACE, TextField, render, values_of
from recipients.models import Recipient

KEYS = {"field", "label"}
MAXIMUM_COLUMNS = 100
BATCH = 2_000
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class ColumnsField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        columns = [
            {"name": "field", "label": _("Field"), "editor": "field", "added": True, "required": True},
            {"name": "label", "label": _("Heading"), "editor": "text"},
        ]
        return {"editor": "rows", "columns": columns}

    def check(self, value: Any) -> None:
        rows = require_objects(value, KEYS)
        if len(rows) > MAXIMUM_COLUMNS:
            message = _("A file has at most %(maximum)d columns.")
            raise forms.ValidationError(message % {"maximum": MAXIMUM_COLUMNS})
        for row in rows:
            name = row.get("field")
            if isinstance(name, str) and name.startswith(PREFIX):
                check_name(name.removeprefix(PREFIX))
            else:
                check_recipient_field(name)
            if not isinstance(row.get("label", ""), str):
                raise forms.ValidationError(_("A heading is a text."))


class DataExtractionFileConfig(ConfigForm):
    file = TextField(
        label=gettext_lazy("File"),
        initial="people-{{ scheduled_for.date }}.csv",
        max_length=200,
        help_text=gettext_lazy("A name in the folder files/out; {{ scheduled_for.date }} is the day of the run."),
    )
    columns = ColumnsField(
        label=gettext_lazy("Columns"),
        initial=[{"field": "email"}, {"field": "first_name"}, {"field": "last_name"}],
        help_text=gettext_lazy("Fields of recipients, and target.name for what was added to them."),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Separator"),
        choices=[
            ("comma", gettext_lazy("Comma")),
            ("semicolon", gettext_lazy("Semicolon")),
            ("tab", gettext_lazy("Tabulator")),
        ],
        initial="comma",
    )
    order_by = RecipientField(added=True, label=gettext_lazy("In the order of"), initial="id")

    def clean_file(self) -> str:
        name: str = self.cleaned_data["file"]
        try:
            files.check_name(PLACE.sub("x", name))
        except files.InvalidFileName as error:
            raise forms.ValidationError(str(error)) from error
        return name


@register
class DataExtractionFile(ActivityType):
    code = "data_extraction_file"
    label = gettext_lazy("Data extraction (file)")
    description = gettext_lazy("Writes the people who come in to a CSV file.")
    icon = "file-down"
    category = "actions"
    may_end_branch = True
    has_side_effects = True
    Config = DataExtractionFileConfig

    def execute(self, context: TaskContext) -> Outcome:
        population, config = context.required_population(), context.config
        try:
            name = files.check_name(render(config["file"], values_of(context)))
        except (files.InvalidFileName, InvalidExpression) as error:
            raise ActivityFailed(str(error)) from error
        try:
            with files.written(name) as file:
                heads = [row.get("label") or row["field"] for row in config["columns"]]
                write_csv(file, chain([heads], _rows(population, config)), delimiter=DELIMITERS[config["format"]])
        except OSError as error:
            raise ActivityFailed(_("The file can't be written: %(reason)s.") % {"reason": error.strerror}) from error
        message = gettext_noop("%(count)d people written to files/out/%(name)s.")
        context.log(Sentence(message, {"count": population.count, "name": name}))
        return Done({"out": population})


def _rows(population: Population, config: Mapping[str, Any]) -> Iterator[list[Any]]:
    """One line per person, streamed: memory does not grow with them."""
    names = [row["field"] for row in config["columns"]]
    own = {name: recipient_expression(name) for name in names if not name.startswith(PREFIX)}
    people = populations.within(Recipient.objects.all(), population)
    people = people.order_by(OrderBy(recipient_expression(config["order_by"], population), nulls_last=True), "pk")
    columns = [*own.values(), F("pk")]
    if len(own) < len(names) and population.data_source_id is not None:
        columns[-1] = Subquery(data_of(population.data_source_id, "pk"))
    for *values, added in people.values_list(*columns).iterator(chunk_size=BATCH):
        found = dict(zip(own, values, strict=True))
        data = added if isinstance(added, Mapping) else {}
        yield [_cell(found[name] if name in found else data.get(name.removeprefix(PREFIX))) for name in names]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, datetime) else value
