"""Variables of a run: what one task tells those after it (`vars.response`), and what its parent handed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.models import Population, WorkflowRun
from operations.workflow.base import TaskContext

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
MAXIMUM_VARIABLES = 50
MAXIMUM_TEXT = 10_000
# The engine's own variable: the people whom a sub-workflow was given, by the task that lets them in.
HANDED_OVER = "_handed_over"


class InvalidVariables(Invalid):
    """A name or a value can't be that of a variable."""

    code = "invalid_variables"


def check_variables(given: Any) -> dict[str, Any]:
    """The names and values that come from outside, if a run may keep them. Raises InvalidVariables."""
    if not isinstance(given, Mapping) or len(given) > MAXIMUM_VARIABLES:
        message = _("Parameters are an object with at most %(maximum)d names.") % {"maximum": MAXIMUM_VARIABLES}
        raise InvalidVariables(message)
    for name, value in given.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            message = _("“%(name)s” can't be a name: use letters, digits and “_”, and begin with a letter.")
            raise InvalidVariables(message % {"name": str(name)[:100]})
        if not _is_plain(value):
            message = _("%(name)s: a text of at most %(maximum)d characters, a number, true or false is needed here.")
            raise InvalidVariables(message % {"name": name, "maximum": MAXIMUM_TEXT}, fields={name: [message]})
    return dict(given)


def set_variables(context: TaskContext, **values: Any) -> None:
    """Tell the tasks after this one; of two that say the same name at once, the last one counts."""
    # Another task of the run may set another variable at this moment.
    run = WorkflowRun.objects.select_for_update().get(pk=context.run.pk)
    context.run.vars = {**run.vars, **values}
    WorkflowRun.objects.filter(pk=run.pk).update(vars=context.run.vars)


def handed_over(context: TaskContext) -> Population | None:
    """The people who come in here from the workflow that runs this one; None elsewhere."""
    number = context.run.vars.get(HANDED_OVER, {}).get(context.task.name)
    return Population.objects.filter(pk=number).first() if number is not None else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAXIMUM_TEXT and "\0" not in value
    return value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**53)
