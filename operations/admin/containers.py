"""Plans and programs: what operations are ordered by."""

from __future__ import annotations

from django.contrib import admin

from operations.models import Plan, Program


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    list_display = ["label", "starts_on", "ends_on", "internal_name"]
    search_fields = ["label"]
    ordering = ["label"]


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin[Program]):
    list_display = ["label", "plan", "starts_on", "ends_on", "internal_name"]
    list_select_related = ["plan"]
    list_filter = ["plan"]
    search_fields = ["label"]
    ordering = ["label"]
    autocomplete_fields = ["plan"]
