"""Saved filters, and the addresses that the query editor asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from common.errors import Refused
from recipients.admin.query_views import url_patterns
from recipients.forms import FilterWidget
from recipients.models import SavedFilter
from recipients.query.saved import check_saved, require_unused


class SavedFilterForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SavedFilter
        fields = ("label", "internal_name", "description", "filter", "parameters")
        widgets = {"filter": FilterWidget(parameters="parameters")}
        help_texts = {
            "parameters": _(
                'What changes from one use to the next, e.g. [{"name": "days", "label": "Days", "kind": "integer", '
                '"default": 30}]; in the filter, {"parameter": "days"} stands where the value would.'
            ),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "filter" in cleaned and "parameters" in cleaned:
            cleaned["parameters"] = cleaned["parameters"] or []
            try:
                check_saved(cleaned["filter"], cleaned["parameters"], self.instance)
            except Refused as error:
                place = "parameters" if "parameters" in error.fields else "filter"
                raise ValidationError({place: str(error)}) from error
        return cleaned


@admin.register(SavedFilter)
class SavedFilterAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = SavedFilterForm
    list_display = ("label", "description", "created_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("label", "internal_name", "description")
    ordering = ("label", "pk")
    list_per_page = 50
    actions = None

    def get_urls(self) -> list[Any]:
        return [*url_patterns(), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: SavedFilter, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        try:
            if row is not None:
                require_unused(row)
        except Refused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect("../change/")
        return super().delete_view(request, object_id, extra_context)
