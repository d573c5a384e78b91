"""The page of a delivery outline: its pieces are written one in a line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from deliveries.models import DeliveryOutline
from deliveries.outlines import read_lines, write_lines


class OutlineForm(forms.ModelForm[DeliveryOutline]):
    pieces = forms.CharField(
        label=_("pieces"),
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One in a line, as name = value. A message shows the value as {{ target.name }}."),
    )

    class Meta:
        model = DeliveryOutline
        fields = ["label", "internal_name", "operation", "description", "planned_contact_date"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("pieces", write_lines(self.instance.items or []))

    def clean_pieces(self) -> str:
        text: str = self.cleaned_data["pieces"]
        self.instance.items = read_lines(text)
        return text


@admin.register(DeliveryOutline)
class DeliveryOutlineAdmin(admin.ModelAdmin[DeliveryOutline]):
    form = OutlineForm
    list_display = ["label", "operation", "planned_contact_date", "created_at"]
    list_select_related = ["operation"]
    list_filter = ["operation"]
    search_fields = ["label", "internal_name"]
    autocomplete_fields = ["operation"]
    ordering = ["-pk"]
    fields = ["label", "internal_name", "operation", "description", "planned_contact_date", "pieces"]
