"""Lists; their members are a page of recipients, for a list may hold millions."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import NoCountPaginator
from common.admin.deletion import CountedDeletionMixin
from recipients.models import RecipientList


@admin.register(RecipientList)
class RecipientListAdmin(CountedDeletionMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("label", "internal_name", "created_at", "members_link")
    search_fields = ("label", "internal_name")
    ordering = ("-pk",)
    show_full_result_count = False
    paginator = NoCountPaginator
    readonly_fields = ("created_at", "members_link")
    fields = ("label", "internal_name", "created_at", "members_link")

    @admin.display(description=gettext_lazy("members"))
    def members_link(self, row: RecipientList) -> str:
        if row.pk is None:
            return ""
        address = f"{reverse('admin:recipients_recipient_changelist')}?list={row.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Show the members"))
