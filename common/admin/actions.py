"""Buttons of an object's page: a POST that calls one service and tells what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from common.errors import Refused

Handler = Callable[[Any, HttpRequest, Any], str | HttpResponseBase]


@dataclass(frozen=True)
class ServiceAction:
    name: str
    label: Any
    permission: str
    handler: Handler
    enabled: Callable[[Any], bool]
    why_disabled: Callable[[Any], Any]
    confirm: Any


def service_action(
    *,
    label: Any,
    permission: str,
    enabled: Callable[[Any], bool] = lambda row: True,
    why_disabled: Callable[[Any], Any] = lambda row: "",
    confirm: Any = "",
) -> Callable[[Handler], Handler]:
    """Mark a method `(admin, request, row) -> message or response` as a button; the method's name is its URL.

    `label` and `confirm` (what it will do, asked before) are texts, or functions of the row.
    """

    def decorator(handler: Handler) -> Handler:
        handler.service_action = ServiceAction(  # type: ignore[attr-defined]
            handler.__name__, label, permission, handler, enabled, why_disabled, confirm
        )
        return handler

    return decorator


if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class ServiceActionsMixin(Base):
    """For a ModelAdmin: shows its service actions above the form (`admin/service_actions_form.html`)."""

    change_form_template = "admin/service_actions_form.html"

    @classmethod
    def service_actions(cls) -> list[ServiceAction]:
        found = [getattr(value, "service_action", None) for name in dir(cls) for value in [getattr(cls, name, None)]]
        order = list(_definition_order(cls))
        return sorted((action for action in found if action), key=lambda action: order.index(action.name))

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_action"
        view = self.admin_site.admin_view(self.run_service_action)
        return [path("<path:object_id>/do/<slug:action>/", view, name=name), *super().get_urls()]

    def run_service_action(self, request: HttpRequest, object_id: str, action: str) -> HttpResponseBase:
        row = self.model._default_manager.filter(pk=object_id).first() if object_id.isdigit() else None
        chosen = {item.name: item for item in self.service_actions()}.get(action)
        if row is None or chosen is None:
            raise Http404
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        if not request.user.has_perm(chosen.permission):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(back)
        try:
            answer = chosen.handler(self, request, row)
        except Refused as error:
            messages.error(request, str(error))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            if isinstance(answer, HttpResponseBase):
                return answer
            messages.success(request, answer)
        return HttpResponseRedirect(back)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.model._default_manager.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {"service_actions": self._buttons(request, row) if row else [], **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def _buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        return [
            {
                "url": reverse(
                    f"admin:{self.opts.app_label}_{self.opts.model_name}_action", args=[row.pk, action.name]
                ),
                "name": action.name,
                "label": action.label(row) if callable(action.label) else action.label,
                "enabled": action.enabled(row),
                "why_disabled": "" if action.enabled(row) else action.why_disabled(row),
                "confirm": action.confirm(row) if callable(action.confirm) else action.confirm,
            }
            for action in self.service_actions()
            if request.user.has_perm(action.permission)
        ]


def _definition_order(cls: type) -> list[str]:
    return [name for base in reversed(cls.__mro__) for name in vars(base)]
