"""The history of subscriptions: who came and left, when, and from where."""

from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from recipients.models import SubscriptionEvent


@admin.register(SubscriptionEvent)
class SubscriptionEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "service", "recipient", "origin")
    list_filter = ("action", "service")
    list_select_related = ("service", "recipient")
    search_fields = ("^recipient__email",)
    ordering = ("-pk",)
