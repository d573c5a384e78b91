"""Buttons of an object's page: a POST that calls one service and tells what happened.

One that has a decision to explain shows a dialog first: a GET of the same address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from common.admin.dialogs import Dialog
from common.audit import ADMIN, Deed, record
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
    dialog: Callable[[Any], Dialog] | None
    icon: str
    is_shown: Callable[[Any], bool]
    is_primary: Callable[[Any], bool]
    in_menu: bool
    is_destructive: bool


def service_action(
    *,
    label: Any,
    permission: str,
    enabled: Callable[[Any], bool] = lambda row: True,
    why_disabled: Callable[[Any], Any] = lambda row: "",
    confirm: Any = "",
    dialog: Callable[[Any], Dialog] | None = None,
    icon: str = "",
    shown: Callable[[Any], bool] = lambda row: True,
    primary: Callable[[Any], bool] = lambda row: False,
    in_menu: bool = False,
    destructive: bool = False,
) -> Callable[[Handler], Handler]:
    """Mark a method `(admin, request, row) -> message or response` as a button; the method's name is its URL.

    `label` and `confirm` (what it will do, asked before) are texts, or functions of the row; `dialog` says more than
    one sentence. A button that is not enabled keeps its place and says why; one that is not shown is absent. `icon` is
    a name of the sprite. `in_menu`: behind the "…" of the page. `destructive`: shown in red.
    """
    asked = dialog or (_plain_dialog(label, confirm) if confirm else None)

    def decorator(handler: Handler) -> Handler:
        handler.service_action = ServiceAction(  # type: ignore[attr-defined]
            name=handler.__name__,
            label=label,
            permission=permission,
            handler=handler,
            enabled=enabled,
            why_disabled=why_disabled,
            dialog=asked,
            icon=icon,
            is_shown=shown,
            is_primary=primary,
            in_menu=in_menu,
            is_destructive=destructive,
        )
        return handler

    return decorator


def _plain_dialog(label: Any, confirm: Any) -> Callable[[Any], Dialog]:
    return lambda row: Dialog(title=_text(label, row), lines=[_text(confirm, row)], button=_text(label, row))


def _text(text: Any, row: Any) -> Any:
    return text(row) if callable(text) else text


if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class ServiceActionsMixin(Base):
    """For a ModelAdmin: shows its service actions above the form (`admin/service_actions_form.html`)."""

    change_form_template = "admin/service_actions_form.html"
    dialog_template = "admin/dialog.html"

    @classmethod
    def service_actions(cls) -> list[ServiceAction]:
        found = [getattr(value, "service_action", None) for name in dir(cls) for value in [getattr(cls, name, None)]]
        order = list(_definition_order(cls))
        return sorted((action for action in found if action), key=lambda action: order.index(action.name))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.run_service_action)
        return [path("<path:object_id>/do/<slug:action>/", view, name=self._url_name("action")), *super().get_urls()]

    def run_service_action(self, request: HttpRequest, object_id: str, action: str) -> HttpResponseBase:
        row = self.model._default_manager.filter(pk=object_id).first() if object_id.isdigit() else None
        chosen = {item.name: item for item in self.service_actions()}.get(action)
        if row is None or chosen is None:
            raise Http404
        if not request.user.has_perm(chosen.permission):
            raise PermissionDenied
        if request.method == "POST":
            return self._do(request, row, chosen)
        return self._ask(request, row, chosen) if chosen.dialog else HttpResponseRedirect(self._back(row))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.model._default_manager.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {"service_actions": self.buttons(request, row) if row else [], **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """The row's buttons that this user may press, as the templates show them."""
        return [
            self._button(row, action)
            for action in self.service_actions()
            if request.user.has_perm(action.permission) and action.is_shown(row)
        ]

    def _do(self, request: HttpRequest, row: Any, action: ServiceAction) -> HttpResponseBase:
        back = HttpResponseRedirect(self._back(row))
        try:
            answer = action.handler(self, request, row)
        except Refused as error:
            messages.error(request, str(error))
            return back
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return back
        # An action that answers with a page (a form that asks for more) has done nothing yet.
        if isinstance(answer, HttpResponseBase) and answer.status_code == 200:
            return answer
        detail = {"choice": request.POST["choice"]} if "choice" in request.POST else {}
        reason = request.POST.get("reason", "")
        record(Deed(row, action.name, ADMIN, request.user, timezone.now(), reason, detail))
        if isinstance(answer, HttpResponseBase):
            return answer
        messages.success(request, answer)
        return back

    def _ask(self, request: HttpRequest, row: Any, action: ServiceAction) -> HttpResponseBase:
        assert action.dialog is not None  # Its only caller looked.
        dialog = action.dialog(row)
        context = {
            **self.admin_site.each_context(request),
            "title": dialog.title,
            "dialog": dialog,
            "row": row,
            "opts": self.opts,
            "action_url": request.path,
            "back_url": self._back(row),
        }
        return TemplateResponse(request, self.dialog_template, context)

    def _back(self, row: Any) -> str:
        return reverse(f"admin:{self._url_name('change')}", args=[row.pk])

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _button(self, row: Any, action: ServiceAction) -> dict[str, Any]:
        enabled = action.enabled(row)
        return {
            "url": reverse(f"admin:{self._url_name('action')}", args=[row.pk, action.name]),
            "name": action.name,
            "label": _text(action.label, row),
            "icon": action.icon,
            "enabled": enabled,
            "why_disabled": "" if enabled else action.why_disabled(row),
            "asks": action.dialog is not None,
            "is_primary": enabled and action.is_primary(row),
            "in_menu": action.in_menu,
            "is_destructive": action.is_destructive,
        }


def _definition_order(cls: type) -> list[str]:
    return [name for base in reversed(cls.__mro__) for name in vars(base)]
