"""The rules that read bounces: people add their own, change ours, and try both on a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.inbound.reading.rules import BEFORE_CODES
from deliveries.inbound.reading.verdict import Reading, RecipientVerdict, Unreadable
from deliveries.inbound.rule_table import BadPattern, check_pattern, rules_in_force
from deliveries.inbound.trial import try_text
from deliveries.models import BounceRule, MailKind


class BounceRuleForm(forms.ModelForm[BounceRule]):
    class Meta:
        model = BounceRule
        fields = ["name", "priority", "looks_at", "pattern", "kind", "failure_type", "failure_reason", "enabled"]
        widgets = {"pattern": forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = {
            "priority": _("The lowest number counts. Below %(limit)d it counts even against a precise status code."),
            "pattern": _("A regular expression; upper and lower case are the same."),
            "kind": _("Any other kind than a bounce or a delay means that the whole mail concerns no address."),
        }
        for name, text in texts.items():
            if name in self.fields:
                self.fields[name].help_text = text % {"limit": BEFORE_CODES} if "%(" in text else text

    def clean_pattern(self) -> str:
        pattern = str(self.cleaned_data["pattern"])
        if "pattern" in self.changed_data:
            try:
                check_pattern(pattern)
            except BadPattern as error:
                raise ValidationError(str(error)) from error
        return pattern


class TrialForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy("What a server said, or the source of a whole mail. Nothing is changed by it."),
    )


@dataclass(frozen=True)
class Line:
    """One recipient of the trial in words."""

    address: str
    failure: str
    codes: str
    decided_by: str
    detail: str


@admin.register(BounceRule)
class BounceRuleAdmin(admin.ModelAdmin[BounceRule]):
    form = BounceRuleForm
    list_display = ["label", "priority", "looks_at", "kind", "failure_type", "failure_reason", "enabled", "hits"]
    list_filter = ["enabled", "built_in", "kind", "failure_reason"]
    search_fields = ["name", "pattern"]
    readonly_fields = ["built_in", "hits"]
    fields = [*BounceRuleForm.Meta.fields, "built_in", "hits"]

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def label(self, row: BounceRule) -> str:
        return rule_label(row.name) if row.built_in else row.name

    def has_delete_permission(self, request: HttpRequest, obj: BounceRule | None = None) -> bool:
        # Ours would come back with the next version: they are switched off instead.
        return (obj is None or not obj.built_in) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: BounceRule | None = None) -> list[str]:
        own_name = ["name"] if obj is not None and obj.built_in else []
        return [*own_name, *self.readonly_fields]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # One by one only, where the page knows which rules are ours.
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: BounceRule, form: Any, change: bool) -> None:
        if change and set(form.changed_data) - {"enabled"}:
            obj.changed = True
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.try_a_text)
        return [path("try/", view, name="deliveries_bouncerule_try"), *super().get_urls()]

    def try_a_text(self, request: HttpRequest) -> HttpResponse:
        """Show which rule a text matches and what it then means."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TrialForm(request.POST or None)
        context = {**self.admin_site.each_context(request), "title": _("Try a text"), "form": form, "opts": self.opts}
        if form.is_valid():
            try:
                reading = try_text(form.cleaned_data["text"], rules_in_force())
                context |= {"kind": MailKind(reading.kind).label, "lines": lines_of(reading), "reading": reading}
            except Unreadable as error:
                form.add_error("text", str(error))
        return render(request, "admin/deliveries/bouncerule/try.html", context)


def rule_label(name: str) -> str:
    """The name of a rule as its reader's language has it: those of our rules are in the catalogue."""
    return _(name) if name else ""


def lines_of(reading: Reading) -> list[Line]:
    return [
        Line(
            address=verdict.address,
            failure=_failure(verdict),
            codes=" ".join(filter(None, [verdict.reply_code, verdict.status])),
            decided_by=rule_label(verdict.rule) or _("The status code, or nothing at all"),
            detail=verdict.detail,
        )
        for verdict in reading.recipients
    ]


def _failure(verdict: RecipientVerdict) -> str:
    if verdict.failure_type is None or verdict.failure_reason is None:
        return "–"
    return f"{verdict.failure_type.label} · {verdict.failure_reason.label}"
