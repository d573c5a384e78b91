"""Pages with tabs: an object's own page, of which Django's form is one tab ("properties").

The first tab is the page itself (`…/change/`), every other has its own address (`…/<slug>/`). Apps downstream add tabs
to the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from common.admin.actions import ServiceActionsMixin
from common.registry import Registry

PROPERTIES = "properties"


@dataclass(frozen=True)
class Tab:
    """`context` answers what the template shows besides the page's own; `count` is the figure beside the label."""

    label: Any
    template: str = ""
    context: Callable[[HttpRequest, Any], dict[str, Any]] = lambda request, row: {}
    count: Callable[[Any], int | None] = lambda row: None
    # "app.codename", besides the right to see the object.
    permission: str = ""


# Django's own form, with its validation and history.
FORM = Tab(_("Properties"))


class TabbedPageMixin(ServiceActionsMixin):
    """For a ModelAdmin. `tabs` maps a slug to a Tab; one of them is `PROPERTIES: FORM`, never the first."""

    tabs: ClassVar[Registry[Tab]]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the header of every tab shows; a subclass adds its own."""
        return {}

    def get_urls(self) -> list[URLPattern]:
        _first, *others = self.tabs.codes()
        pages = [
            path(
                f"<int:pk>/{slug}/",
                self.admin_site.admin_view(partial(self.tab_view, slug=slug)),
                name=self._url_name(slug),
            )
            for slug in others
        ]
        return [*pages, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        first = self.tabs.codes()[0]
        if request.method == "GET" and object_id.isdigit():
            return self.tab_view(request, pk=int(object_id), slug=first)
        return self._form(request, object_id, extra_context)

    def tab_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponseBase:
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        if slug == PROPERTIES:
            return self._form(request, str(pk), {})
        tab = self.tabs.get(slug)
        if tab.permission and not request.user.has_perm(tab.permission):
            raise PermissionDenied
        context = {**self._page(request, row, slug), **tab.context(request, row)}
        return TemplateResponse(request, tab.template, context)

    def _form(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None) -> HttpResponse:
        row = self.get_object(request, object_id) if object_id.isdigit() else None
        page = self._page(request, row, PROPERTIES) if row is not None else {}
        return super().change_view(request, object_id, "", {**page, **(extra_context or {})})

    def _page(self, request: HttpRequest, row: Any, slug: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": str(row),
            "row": row,
            "opts": self.opts,
            "tabs": self._tab_links(request, row, slug),
            "active_tab": slug,
            "service_actions": self.buttons(request, row),
            "may_change": self.has_change_permission(request, row),
            **self.page_context(request, row),
        }

    def _tab_links(self, request: HttpRequest, row: Any, active: str) -> list[dict[str, Any]]:
        allowed = [
            (slug, tab)
            for slug, tab in self.tabs.items()
            if not tab.permission or request.user.has_perm(tab.permission)
        ]
        first = self.tabs.codes()[0]
        return [
            {
                "slug": slug,
                "label": tab.label,
                "url": reverse(f"admin:{self._url_name('change' if slug == first else slug)}", args=[row.pk]),
                "count": tab.count(row),
                "is_active": slug == active,
            }
            for slug, tab in allowed
        ]
