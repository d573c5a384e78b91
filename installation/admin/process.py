"""The processes of the installation."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin
from installation.models import Process
from installation.processes import ALIVE_WITHIN


@admin.register(Process)
class ProcessAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "host", "is_alive", "started_at", "heartbeat_at", "progressed_at", "stop_requested"]
    list_filter = ["kind", "host"]
    ordering = ["kind", "name"]

    @admin.display(description=_("alive"), boolean=True)
    def is_alive(self, row: Process) -> bool:
        return row.heartbeat_at >= timezone.now() - ALIVE_WITHIN
