"""Operations made from others: a copy, one made from a template, a template made from one."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.models import Operation, Program, Workflow
from operations.workflow.exchange import export_document, import_workflow


class NotATemplate(Invalid):
    """Only a template makes operations."""

    code = "not_a_template"


@transaction.atomic
def copy_operation(
    *,
    source: Operation,
    label: str,
    by: User | None,
    program: Program | None = None,
    starts_on: date | None = None,
    is_template: bool = False,
) -> Operation:
    """A new operation, being edited, with copies of the workflows and of their contents.

    Its deliveries, runs and logs are the source's own. The dates are given, or those of the source move with
    `starts_on`; a template's `duration_days` says the end.
    """
    copy = Operation.objects.create(
        label=label,
        program=program or source.program,
        priority=source.priority,
        description=source.description,
        duration_days=source.duration_days,
        owner=by,
        copied_from=source,
        is_template=is_template,
        **_period(source, starts_on),
    )
    for workflow in Workflow.objects.filter(operation=source).order_by("pk"):
        copy_workflow(workflow=workflow, operation=copy, by=by)
    return copy


def create_from_template(
    *, template: Operation, label: str, by: User | None, program: Program | None = None, starts_on: date | None = None
) -> Operation:
    """Raises NotATemplate."""
    if not template.is_template:
        raise NotATemplate(_("“%(label)s” is not a template.") % {"label": template})
    return copy_operation(source=template, label=label, by=by, program=program, starts_on=starts_on)


@transaction.atomic
def copy_workflow(*, workflow: Workflow, operation: Operation | None, by: User | None, label: str = "") -> Workflow:
    """A new workflow, being edited, with the current definition and the contents of its delivery activities."""
    copy = import_workflow(export_document(workflow), operation=operation, by=by)
    if label:
        Workflow.objects.filter(pk=copy.pk).update(label=label)
        copy.label = label
    return copy


def _period(source: Operation, starts_on: date | None) -> dict[str, date | None]:
    starts = starts_on or source.starts_on
    if starts is None:
        return {"starts_on": None, "ends_on": None}
    if source.duration_days:
        return {"starts_on": starts, "ends_on": starts + timedelta(days=source.duration_days - 1)}
    if source.starts_on and source.ends_on:
        return {"starts_on": starts, "ends_on": starts + (source.ends_on - source.starts_on)}
    return {"starts_on": starts, "ends_on": None if starts_on else source.ends_on}
