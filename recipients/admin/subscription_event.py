"""The history of subscriptions: who came and left, when, and from where."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from common.admin import OneOrderMixin, ReadOnlyAdmin
from recipients.models import SubscriptionEvent
from recipients.search import by_address


@admin.register(SubscriptionEvent)
class SubscriptionEventAdmin(OneOrderMixin, ReadOnlyAdmin):
    list_display = ("at", "action", "service", "recipient", "origin")
    list_filter = ("action", "service")
    list_select_related = ("service", "recipient")
    # The box is shown; `get_search_results` says what it searches.
    search_fields = ("recipient",)
    search_help_text = gettext_lazy("The e-mail address of a recipient.")
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        people = by_address(search_term) if search_term.strip() else None
        return (queryset if people is None else queryset.filter(recipient__in=people.values("pk"))), False
