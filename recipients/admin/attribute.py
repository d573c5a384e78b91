"""Custom attributes: what the JSON column of recipients may hold, under which label, and whether it has an index."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from recipients import attributes
from recipients.models import Attribute


class AttributeForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Attribute
        fields = ("name", "label", "kind", "choices", "help_text", "indexed")
        help_texts = {
            "name": _("As in imports and in the API. It can't change later."),
            "choices": _('Of a choice only: [{"value": "gold", "label": "Gold"}].'),
            "indexed": _("Makes filters on this attribute quick; the index is built when you save."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            row = Attribute(pk=self.instance.pk, **{**self._stored(), **cleaned, "choices": cleaned["choices"] or []})
            try:
                attributes.check(row)
            except Invalid as error:
                raise ValidationError(dict(error.fields)) from error
            cleaned["choices"] = row.choices
        return cleaned

    def _stored(self) -> dict[str, Any]:
        return {"name": self.instance.name}


@admin.register(Attribute)
class AttributeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = AttributeForm
    list_display = ("label", "name", "kind", "indexed", "created_at")
    list_filter = ("kind", "indexed")
    search_fields = ("label", "name")
    ordering = ("label",)
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return () if obj is None else ("name",)

    def save_model(self, request: HttpRequest, obj: Attribute, form: Any, change: bool) -> None:
        attributes.save_attribute(obj)

    def delete_model(self, request: HttpRequest, obj: Attribute) -> None:
        attributes.delete_attribute(obj)
