"""The tracking log: every hit, read only."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin
from tracking.models import TrackingLog


@admin.register(TrackingLog)
class TrackingLogAdmin(ReadOnlyAdmin):
    list_display = ["id", "delivery_id", "broadlog_id", "recipient_id", "kind", "url", "verdict", "at"]
    list_filter = ["kind", "verdict"]
    list_select_related = ["tracked_url"]
    search_fields = ["=recipient__id"]
    search_help_text = _("The number of a recipient.")
    ordering = ["-pk"]
    actions = None
    fields = ["id", "delivery_id", "broadlog_id", "recipient_id", "kind", "url", "verdict", "at", "user_agent"]

    @admin.display(description=_("URL"))
    def url(self, hit: TrackingLog) -> str:
        return hit.url_text()
