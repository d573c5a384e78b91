"""Warm-up plans: the days to come as a table, beside what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import DailyVolume, WarmUp
from deliveries.mta.throttling.warm_up import Plan, day_of, days_of, plan_of

DAYS_SHOWN = 60
FIELDS = ["affinity", "group", "starts_on", "first_day", "growth", "ceiling"]


@admin.register(WarmUp)
class WarmUpAdmin(admin.ModelAdmin[WarmUp]):
    list_display = ["affinity", "whom", "starts_on", "today", "growth", "ceiling"]
    list_display_links = ["affinity"]
    list_filter = ["affinity"]
    list_select_related = ["affinity", "group"]
    ordering = ["affinity__name", "pk"]
    readonly_fields = ["days"]

    def get_fields(self, request: HttpRequest, obj: WarmUp | None = None) -> Any:
        return [*FIELDS, "days"] if obj else FIELDS

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        texts = {
            "group": _("Empty: every receiver without a plan of its own, together."),
            "starts_on": _("Nothing leaves before. Days are those of UTC."),
            "growth": _("1.5: half as much again each day."),
            "ceiling": _("From this volume on the plan is over and nothing is limited any more."),
        }
        return super().get_form(request, *args, **{**kwargs, "help_texts": texts})

    @admin.display(description=gettext_lazy("receiver"))
    def whom(self, row: WarmUp) -> str:
        return str(row.group) if row.group is not None else _("Every other receiver")

    @admin.display(description=gettext_lazy("today"))
    def today(self, row: WarmUp) -> str:
        cap = plan_of(row).cap_on(day_of(timezone.now()))
        return _("over") if cap is None else str(cap)

    @admin.display(description=gettext_lazy("days"))
    def days(self, row: WarmUp) -> SafeString:
        plan = plan_of(row)
        sent = _sent(row, plan)
        today = day_of(timezone.now())
        lines = [
            {"day": day, "planned": cap, "sent": sent.get(day, 0), "is_today": day == today}
            for day, cap in [*days_of(plan)][:DAYS_SHOWN]
        ]
        return render_to_string("admin/deliveries/warmup/days.html", {"lines": lines})


def _sent(row: WarmUp, plan: Plan) -> dict[Any, int]:
    volumes = DailyVolume.objects.filter(affinity=row.affinity.name, receiver=plan.receiver, day__gte=plan.starts_on)
    return dict(volumes.values_list("day", "messages"))
