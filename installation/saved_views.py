"""Filters of a list under a name: kept for their owner, and seen by everybody once shared."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from common.errors import Invalid
from installation.models import SavedView

LONGEST_LABEL = 100
LONGEST_QUERY = 2000


class UnableToSaveView(Invalid):
    """The name or the filters can't be kept."""

    code = "invalid_view"


def views_for(*, user_id: int, model: str) -> QuerySet[SavedView, Any]:
    """The views of a list ("deliveries.delivery") that the user sees: their own and the shared ones."""
    seen = SavedView.objects.filter(Q(owner_id=user_id) | Q(shared=True), model=model)
    return seen.select_related("owner").order_by("label", "pk")


def save_view(*, owner: User, model: str, label: str, query: str, shared: bool = False) -> SavedView:
    """Keep the filters under this name; one that the owner gave before gets the new filters."""
    label = " ".join(label.split())
    if not label:
        raise UnableToSaveView(_("A view needs a name."), fields={"label": [_("A view needs a name.")]})
    if len(label) > LONGEST_LABEL or len(query) > LONGEST_QUERY:
        raise UnableToSaveView(_("The name or the filters of the view are too long."))
    view, _created = SavedView.objects.update_or_create(
        owner=owner, model=model, label=label, defaults={"query": query, "shared": shared}
    )
    return view


def share_view(*, view: SavedView, shared: bool) -> None:
    """Show the view to everybody who may see its list, or to its owner only."""
    SavedView.objects.filter(pk=view.pk).update(shared=shared)


def delete_view(*, view: SavedView) -> None:
    """Forget the view; the rows that it shows stay."""
    SavedView.objects.filter(pk=view.pk).delete()
