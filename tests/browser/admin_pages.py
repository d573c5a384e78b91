"""Every address of the back office that a test can open, found in the admin itself."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import RequestFactory
from django.urls import reverse

from common.admin import TabbedPageMixin


def lists(user: User) -> list[str]:
    return [_address(model, "changelist") for model, _page in _registered(user)]


def forms(user: User) -> list[str]:
    request = _request(user)
    return [_address(model, "add") for model, page in _registered(user) if page.has_add_permission(request)]


def objects(user: User) -> list[str]:
    """The pages of the first row of each table: all tabs, the history, and the deletion where it is allowed."""
    request = _request(user)
    found = []
    for model, page in _registered(user):
        row = page.get_queryset(request).first()
        if row is None:
            continue
        tabs = page.tabs.codes()[1:] if isinstance(page, TabbedPageMixin) else []
        deletion = ["delete"] if page.has_delete_permission(request, row) else []
        found += [_address(model, name, row.pk) for name in ["change", *tabs, "history", *deletion]]
    return found


def _registered(user: User) -> Iterator[tuple[type[Model], ModelAdmin]]:  # type: ignore[type-arg]
    for model, page in admin.site._registry.items():
        if page.has_view_permission(_request(user)):
            yield model, page


def _request(user: User):  # type: ignore[no-untyped-def]
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


def _address(model: type[Model], name: str, *arguments: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=arguments)
