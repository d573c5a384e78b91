"""Quarantined addresses: looked at, and released by hand, one or many."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ReadOnlyAdmin, ServiceActionsMixin, service_action
from recipients.models import Quarantine
from recipients.quarantine import STATES, release, release_row

PERMISSION = "recipients.change_quarantine"


def _can_release(row: Quarantine) -> bool:
    return STATES.allows(row.status, Quarantine.Status.VALID)


@admin.register(Quarantine)
class QuarantineAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("address", "channel", "status", "failure_reason", "error_count", "last_error_at", "delivery_label")
    list_filter = ("status", "channel", "failure_type", "failure_reason")
    search_fields = ("^address",)
    ordering = ("-pk",)
    list_per_page = 50
    actions = ("release_selected",)

    @service_action(
        label=gettext_lazy("Release from quarantine"),
        permission=PERMISSION,
        enabled=_can_release,
        why_disabled=lambda row: _("This address is not in quarantine."),
    )
    def release_address(self, request: HttpRequest, row: Quarantine) -> str:
        release_row(row, now=timezone.now())
        return _("The address %(address)s is valid again.") % {"address": row.address}

    @admin.action(description=gettext_lazy("Release the selected addresses"), permissions=["release"])
    def release_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        pairs = queryset.order_by("channel").values_list("channel", "address")
        released = 0
        for channel, rows in groupby(pairs, key=lambda pair: pair[0]):
            released += release(channel=channel, addresses=[address for _channel, address in rows], now=timezone.now())
        messages.success(request, _("%(count)d addresses released.") % {"count": released})

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)
