"""Saved views of lists: what the chips above a list post."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import Refused
from installation import saved_views
from installation.models import SavedView


@require_POST
@admin.site.admin_view
def save(request: HttpRequest) -> HttpResponseBase:
    """Keeps the filters of the list `model` under `label`."""
    model, query = request.POST.get("model", ""), request.POST.get("query", "").lstrip("?")
    address = _list_address(request, model)
    assert isinstance(request.user, User)
    try:
        view = saved_views.save_view(
            owner=request.user,
            model=model,
            label=request.POST.get("label", ""),
            query=query,
            shared="shared" in request.POST,
        )
        messages.success(request, _("The view “%(label)s” is saved.") % {"label": view.label})
    except Refused as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(f"{address}?{query}")


@require_POST
@admin.site.admin_view
def share(request: HttpRequest, number: int) -> HttpResponseBase:
    """Shows the view to everybody, or (`shared` absent) to its owner only."""
    view = _own(request, number)
    saved_views.share_view(view=view, shared="shared" in request.POST)
    return HttpResponseRedirect(f"{_list_address(request, view.model)}?{view.query}")


@require_POST
@admin.site.admin_view
def delete(request: HttpRequest, number: int) -> HttpResponseBase:
    view = _own(request, number)
    saved_views.delete_view(view=view)
    messages.success(request, _("The view “%(label)s” is deleted.") % {"label": view.label})
    return HttpResponseRedirect(_list_address(request, view.model))


def _own(request: HttpRequest, number: int) -> SavedView:
    return get_object_or_404(SavedView, pk=number, owner_id=request.user.pk)


def _list_address(request: HttpRequest, label: str) -> str:
    """Where the list is; only for those who may see it."""
    try:
        model = apps.get_model(label)
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    except (LookupError, ValueError, NoReverseMatch):
        raise Http404 from None
    if not admin.site._registry[model].has_view_or_change_permission(request):
        raise PermissionDenied
    return address
