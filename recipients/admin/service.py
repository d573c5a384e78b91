"""Services to which people subscribe."""

from __future__ import annotations

from django.contrib import admin

from common.admin import NoCountPaginator
from common.admin.deletion import CountedDeletionMixin
from recipients.models import Service


@admin.register(Service)
class ServiceAdmin(CountedDeletionMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("label", "internal_name", "channel", "created_at")
    list_filter = ("channel",)
    search_fields = ("label", "internal_name")
    ordering = ("-pk",)
    show_full_result_count = False
    paginator = NoCountPaginator
    readonly_fields = ("created_at",)
    fields = ("label", "internal_name", "channel", "created_at")
