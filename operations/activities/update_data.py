"""Update data: fields of the people who come in are set, in one statement; who has these values already is not touched.

    {"field": "attributes.segment", "value": "gold"}
    {"field": "attributes.spent", "value": {"from": "target.spent"}}
    {"field": "attributes.won_back_on", "value": {"today": 0}}

A source without a value changes nothing. Numbers and e-mail addresses of people can't be set here: an import does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, CharField, DateField, Exists, F, JSONField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Length
from django.db.models.lookups import Exact, In, IsNull, LessThanOrEqual
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from operations.models import Population, PopulationMember, RunLog
from operations.workflow import populations
from operations.workflow.added_data import MAXIMUM_COLUMNS, PREFIX, check_name, data_of
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import FlagField, JsonField, require_objects
from operations.workflow.json_sql import DayOfCalendar, JsonKey, JsonText, WithKey
from operations.workflow.registry import register
from recipients.filters.expressions import AnyAttribute, BooleanAttribute, DateAttribute
from recipients.filters.fields import PREFIX as ATTRIBUTES
from recipients.filters.fields import is_attribute_name
from recipients.filters.values import MAX_DAYS
from recipients.models import Recipient

COLUMNS = ("first_name", "last_name", "mobile_phone", "birth_date", "language", "gender", "country_code")
DENYLIST = ("denylist_email", "denylist_sms", "denylist_push", "denylist_file", "denylist_all")
KEYS = {"field", "value"}
MAXIMUM_TEXT = 10_000


class AssignmentsField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        columns = [
            {"name": "field", "label": _("Field"), "editor": "field", "required": True},
            {"name": "value", "label": _("Value"), "editor": "text", "required": True},
        ]
        return {"editor": "rows", "columns": columns, "fresh": [{"field": "attributes.segment", "value": "a"}]}

    def check(self, value: Any) -> None:
        rows = require_objects(value, KEYS)
        names = [row.get("field") for row in rows]
        if len(rows) > MAXIMUM_COLUMNS or len(set(map(str, names))) < len(names):
            message = _("At most %(maximum)d fields can be set, each once.")
            raise forms.ValidationError(message % {"maximum": MAXIMUM_COLUMNS})
        for row in rows:
            _check_row(row)


class UpdateDataConfig(ConfigForm):
    set = AssignmentsField(
        label=gettext_lazy("Fields"),
        help_text=gettext_lazy('A value is a constant, {"from": "target.name"} or, for a date, {"today": 0}.'),
    )
    only_missing = FlagField(
        label=gettext_lazy("Only where there is no value"),
        initial=False,
        help_text=gettext_lazy("A value that somebody has already is kept."),
    )
    outbound = FlagField(
        label=gettext_lazy("Outbound transition"),
        initial=False,
        help_text=gettext_lazy("The same people go on to the next activity."),
    )


@register
class UpdateData(ActivityType):
    code = "update_data"
    label = gettext_lazy("Update data")
    description = gettext_lazy("Sets fields of the people who come in.")
    icon = "user-pen"
    category = "actions"
    may_end_branch = True
    has_side_effects = True
    Config = UpdateDataConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out"] if config.get("outbound") else []

    def execute(self, context: TaskContext) -> Outcome:
        population, config = context.required_population(), context.config
        _tell_of_impossible_dates(context, population)
        changed = _update(context, population)
        numbers = {"changed": changed, "unchanged": population.count - changed}
        context.log(Sentence(gettext_noop("%(changed)d people updated, %(unchanged)d unchanged."), numbers))
        flags = ", ".join(row["field"] for row in config["set"] if _column(row["field"]) in DENYLIST)
        if flags and changed:
            message = gettext_noop("Whether people may be written to was changed: %(fields)s.")
            context.log(Sentence(message, {"fields": flags}), RunLog.Level.WARNING)
        return Done(dict.fromkeys(self.outlets(config), population))

    def explanation(self, config: Mapping[str, Any]) -> Any:
        flags = [row["field"] for row in config.get("set") or [] if _column(row.get("field", "")) in DENYLIST]
        if not flags:
            return ""
        return _("This changes whether people may be written to. Lift an opposition only when they asked for it.")


@dataclass(frozen=True)
class _Change:
    """What a field becomes, and for whom that is something else than it is."""

    value: Any
    applies: Q


def _update(context: TaskContext, population: Population) -> int:
    config, source = context.config, population.data_source_id
    assigned: dict[str, Any] = {}
    touched = Q(pk__in=[])
    for row in config["set"]:
        change = _change(row, context, source, only_missing=config["only_missing"])
        name = _column(row["field"])
        if name.startswith(ATTRIBUTES):
            document = assigned.get("attributes", F("attributes"))
            with_key = WithKey(document, name.removeprefix(ATTRIBUTES), change.value)
            name, changed = "attributes", Case(When(change.applies, then=with_key), default=document)
        else:
            changed = Case(When(change.applies, then=change.value), default=F(name))
        assigned[name] = changed
        touched |= change.applies
    inside = PopulationMember.objects.filter(population=population, recipient_id=OuterRef("pk"))
    return Recipient.objects.filter(touched, Exists(inside)).update(**assigned, updated_at=context.now)


def _tell_of_impossible_dates(context: TaskContext, population: Population) -> None:
    """A day that no calendar has, such as 2025-02-30, is no value."""
    for row in context.config["set"]:
        name, value = _column(row["field"]), row["value"]
        dated = not name.startswith(ATTRIBUTES) and isinstance(Recipient._meta.get_field(name), DateField)
        if not dated or not isinstance(value, Mapping) or "from" not in value:
            continue
        written = DateAttribute(value["from"].removeprefix(PREFIX), _document(population.data_source_id))
        people = populations.within(Recipient.objects.order_by(), population)
        count = people.filter(IsNull(written, False), IsNull(DayOfCalendar(written), True)).count()
        if count:
            message = gettext_noop("%(field)s: %(count)d dates that no calendar has count as missing.")
            context.log(Sentence(message, {"field": row["field"], "count": count}), RunLog.Level.WARNING)


def _change(row: Mapping[str, Any], context: TaskContext, source: int | None, *, only_missing: bool) -> _Change:
    name = _column(row["field"])
    if name.startswith(ATTRIBUTES):
        present: Any = JsonKey(name.removeprefix(ATTRIBUTES))
        value, empty = _attribute_value(row["value"], context, source), Q(IsNull(present, True))
    else:
        field = Recipient._meta.get_field(name)
        present, value = F(name), _column_value(field, row["value"], context, source)
        empty = Q(**{f"{name}__isnull": True}) if getattr(field, "null", False) else Q(**{name: ""})
    applies = Q(IsNull(value, False)) & (~Q(Exact(present, value)) | Q(IsNull(present, True)))
    if row["value"] == "":
        # An empty text is a missing value: who has none is not changed.
        applies = Q(IsNull(present, False)) & ~Q(Exact(present, value))
    # An opposition is never missing: it is there or it is not.
    return _Change(value, applies & empty if only_missing and name not in DENYLIST else applies)


def _attribute_value(value: Any, context: TaskContext, source: int | None) -> Any:
    if not isinstance(value, Mapping):
        return JsonText(value)
    if "today" in value:
        return JsonText(_day(value, context).isoformat())
    return JsonKey(value["from"].removeprefix(PREFIX), _document(source))


def _column_value(field: Any, value: Any, context: TaskContext, source: int | None) -> Any:
    if not isinstance(value, Mapping):
        return Value(field.clean(value, None), output_field=_plain(field))
    if "today" in value:
        return Value(_day(value, context), output_field=DateField())
    kind = next(made for made in TYPED if isinstance(field, made))
    found = TYPED[kind](value["from"].removeprefix(PREFIX), _document(source))
    if kind is DateField:
        return Cast(DayOfCalendar(found), DateField())
    if kind is not models.CharField:
        return Cast(found, _plain(field))
    # What does not fit in the column is no value for it.
    fits = Q(LessThanOrEqual(Length(found), field.max_length))
    if field.choices:
        fits &= Q(In(found, [choice for choice, _label in field.choices]))
    return Case(When(fits, then=Cast(found, CharField())), default=None, output_field=CharField())


def _document(source: int | None) -> Any:
    """The added data of the person; without any, nobody has a value."""
    return Subquery(data_of(source or 0, "pk"), output_field=JSONField())


def _day(value: Mapping[str, Any], context: TaskContext) -> date:
    return context.filter_context.today + timedelta(days=value["today"])


def _plain(field: Any) -> Any:
    return next(made for made in TYPED if isinstance(field, made))()


def _column(name: Any) -> str:
    return str(name).replace("denylist.", "denylist_", 1)


def _check_row(row: Mapping[str, Any]) -> None:
    name, value = _column(row.get("field")), row.get("value")
    attribute = name.startswith(ATTRIBUTES) and is_attribute_name(name.removeprefix(ATTRIBUTES))
    if not attribute and name not in (*COLUMNS, *DENYLIST):
        known = ", ".join([*COLUMNS, *DENYLIST, "attributes.<name>"])
        message = _("The field %(name)s can't be set here; there are %(names)s.")
        raise forms.ValidationError(message % {"name": str(row.get("field"))[:100], "names": known})
    if isinstance(value, Mapping):
        _check_source(name, value)
    elif not isinstance(value, str | int | float) or len(str(value)) > MAXIMUM_TEXT:
        raise forms.ValidationError(_("%(name)s: a value is missing.") % {"name": name})
    elif not attribute:
        _check_constant(name, value)


def _check_source(name: str, value: Mapping[str, Any]) -> None:
    source = value.get("from")
    if list(value) == ["from"] and isinstance(source, str) and source.startswith(PREFIX):
        check_name(source.removeprefix(PREFIX))
        return
    days = value.get("today")
    dated = name.startswith(ATTRIBUTES) or isinstance(Recipient._meta.get_field(name), DateField)
    whole = isinstance(days, int) and not isinstance(days, bool) and abs(days) <= MAX_DAYS
    if not (list(value) == ["today"] and whole and dated):
        message = _('%(name)s: a value is a constant, {"from": "target.name"} or, for a date, {"today": days}.')
        raise forms.ValidationError(message % {"name": name})


def _check_constant(name: str, value: Any) -> None:
    field: Any = Recipient._meta.get_field(name)
    if isinstance(field, models.BooleanField) != isinstance(value, bool):
        raise forms.ValidationError(_("%(name)s: this is not a value of the field.") % {"name": name})
    try:
        field.clean(value, None)
    except ValidationError as error:
        raise forms.ValidationError(f"{name}: {' '.join(error.messages)}") from error


# How an added value is read as one of a column: of another type, it is none.
TYPED: dict[type[Any], Any] = {
    models.BooleanField: BooleanAttribute,
    DateField: DateAttribute,
    models.CharField: AnyAttribute,
}
