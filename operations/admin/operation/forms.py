"""Making an operation: blank, or from a template."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.models import Operation


class OperationForm(forms.ModelForm[Operation]):
    """`template` stands only on the form that adds."""

    template = forms.ModelChoiceField(
        label=gettext_lazy("From the template"),
        queryset=Operation.objects.filter(is_template=True).order_by("label"),
        required=False,
        empty_label=gettext_lazy("Blank operation"),
        help_text=gettext_lazy("Its workflows and their contents are copied; its duration gives the end."),
    )

    class Meta:
        model = Operation
        fields = ["label"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("The operation ends before it starts."))
        return cleaned


class CopyForm(forms.Form):
    """What a copy is called, and when it starts."""

    label = forms.CharField(label=gettext_lazy("Label"), max_length=200)
    starts_on = forms.DateField(
        label=gettext_lazy("Starts on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    is_template = forms.BooleanField(
        label=gettext_lazy("As a template"),
        required=False,
        help_text=gettext_lazy("A template is never started: operations are made from it."),
    )
