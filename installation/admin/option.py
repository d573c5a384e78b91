"""Every declared option, with the value that holds now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from installation.models import Option
from installation.options import InvalidOption, declared, options


class OptionForm(forms.ModelForm[Option]):
    class Meta:
        model = Option
        fields = ["value"]

    def clean_value(self) -> int:
        try:
            return declared(self.instance.name).clean(self.cleaned_data["value"])
        except InvalidOption as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(Option)
class OptionAdmin(admin.ModelAdmin[Option]):
    form = OptionForm
    list_display = ["name", "value", "default", "explanation", "updated_at"]
    fields = ["name", "explanation", "default", "value"]
    readonly_fields = ["name", "explanation", "default"]
    ordering = ["name"]

    @admin.display(description=_("default"))
    def default(self, row: Option) -> int:
        return declared(row.name).default

    @admin.display(description=_("what it does"))
    def explanation(self, row: Option) -> str:
        return str(declared(row.name).help)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Option]:
        return super().get_queryset(request).filter(name__in=options.codes())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        _make_rows()
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Option | None = None) -> bool:
        return False


def _make_rows() -> None:
    """An option that nobody changed has no row; the list needs one to link to."""
    missing = set(options.codes()) - set(Option.objects.values_list("name", flat=True))
    rows = [Option(name=name, value=options.get(name).default) for name in sorted(missing)]
    Option.objects.bulk_create(rows, ignore_conflicts=True)
