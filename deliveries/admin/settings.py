"""Typologies: the rules that every analysis applies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy

from deliveries.models import Typology, TypologyRule
from deliveries.typology.registry import control_rules


class TypologyRuleForm(forms.ModelForm[TypologyRule]):
    class Meta:
        model = TypologyRule
        fields = ["type", "level", "active", "sequence"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, rule.label) for code, rule in control_rules.items()]
        self.fields["type"] = forms.ChoiceField(label=gettext_lazy("Rule"), choices=choices)


class TypologyRuleInline(admin.TabularInline[TypologyRule, Typology]):
    model = TypologyRule
    form = TypologyRuleForm
    ordering = ["sequence", "pk"]
    extra = 1


@admin.register(Typology)
class TypologyAdmin(admin.ModelAdmin[Typology]):
    list_display = ["label", "internal_name"]
    search_fields = ["label", "internal_name"]
    inlines = [TypologyRuleInline]
