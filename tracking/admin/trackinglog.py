"""The tracking log: every hit, read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import OneOrderMixin, ReadOnlyAdmin
from common.badges import register
from common.template_tags import badge
from tracking.models import TrackingLog, Verdict

register(
    {
        Verdict.HUMAN: ("ok", "user"),
        Verdict.PROXY: ("mute", "server"),
        Verdict.SCANNER: ("warn", "bot"),
        Verdict.PREFETCH: ("warn", "bot"),
        Verdict.UNKNOWN: ("mute", "circle-question-mark"),
    }
)


@admin.register(TrackingLog)
class TrackingLogAdmin(OneOrderMixin, ReadOnlyAdmin):
    list_display = ["id", "delivery_id", "broadlog_id", "recipient_id", "kind", "url", "verdict_shown", "at"]
    list_filter = ["kind", "verdict"]
    list_select_related = ["tracked_url"]
    # The box is shown; `get_search_results` says what it searches.
    search_fields = ["recipient"]
    search_help_text = _("The number of a recipient.")
    ordering = ["-pk"]
    actions = None
    fields = ["id", "delivery_id", "broadlog_id", "recipient_id", "kind", "url", "verdict", "at", "user_agent"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return (queryset.filter(recipient_id=int(term)) if term.isdecimal() else queryset.none()), False

    @admin.display(description=_("URL"))
    def url(self, hit: TrackingLog) -> str:
        return hit.link_in_words()

    @admin.display(description=_("verdict"))
    def verdict_shown(self, hit: TrackingLog) -> SafeString:
        return badge(Verdict(hit.verdict))
