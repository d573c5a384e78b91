"""Which workflows use a saved filter: it can't be deleted while one does."""

from __future__ import annotations

from django.utils.translation import gettext as _

from operations.models import Activity
from recipients.models import SavedFilter
from recipients.query.saved import users_downstream, uses


@users_downstream.register("workflows")
def workflows_with(row: SavedFilter) -> list[str]:
    """In their present drawing, whatever their state."""
    rows = Activity.objects.filter(retired=False).order_by("workflow__label", "workflow")
    configs = rows.values_list("workflow", "workflow__label", "config")
    found = {number: label for number, label, config in configs.iterator() if uses(config, row)}
    return [_("the workflow “%(label)s”") % {"label": label} for label in found.values()]
