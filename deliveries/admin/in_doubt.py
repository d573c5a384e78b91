"""What is in doubt, across deliveries: who, since when, at which attempt; settled in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.admin import Dialog, OneOrderMixin, ReadOnlyAdmin
from common.audit import ADMIN, Deed, record
from common.doorbell import ring
from common.errors import Refused
from common.figures import count
from deliveries import settlement, tasks
from deliveries.admin.dialogs import settle_choices, settled_sentence
from deliveries.models import Delivery, MessageInDoubt

# As many deliveries as a list of filters can show.
DELIVERIES_OFFERED = 30


class OfDelivery(admin.SimpleListFilter):
    title = gettext_lazy("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Delivery.objects.filter(in_doubt__gt=0).order_by("-pk")[:DELIVERIES_OFFERED]
        return [(str(delivery.pk), f"{delivery.label} ({count(delivery.in_doubt)})") for delivery in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        number = self.value() or ""
        return queryset.filter(delivery_id=int(number)) if number.isdecimal() else queryset


class Since(admin.SimpleListFilter):
    title = gettext_lazy("in doubt")
    parameter_name = "hours"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("for more than an hour")), ("24", _("for more than a day"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        hours = self.value() or ""
        if not hours.isdecimal():
            return queryset
        return queryset.filter(in_doubt_since__lt=timezone.now() - timedelta(hours=int(hours)))


@admin.register(MessageInDoubt)
class MessageInDoubtAdmin(OneOrderMixin, ReadOnlyAdmin):
    list_display = ["address", "delivery_page", "in_doubt_since", "attempts", "said", "number"]
    list_display_links = None
    list_filter = [OfDelivery, Since]
    list_select_related = ["delivery"]
    ordering = ["delivery_id", "pk"]
    actions = ["settle"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(in_doubt_since__isnull=False)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm("deliveries.view_broadlog"))

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("deliveries.start_delivery"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=gettext_lazy("delivery"))
    def delivery_page(self, row: MessageInDoubt) -> str:
        page = reverse("admin:deliveries_delivery_change", args=[row.delivery_id])
        return format_html('<a href="{}">{}</a>', page, row.delivery.label)

    @admin.display(description=gettext_lazy("what is known"))
    def said(self, row: MessageInDoubt) -> str:
        return row.failure_detail or "–"

    @admin.display(description=gettext_lazy("message"))
    def number(self, row: MessageInDoubt) -> int:
        return row.pk

    @admin.action(description=gettext_lazy("Settle what is selected…"), permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if request.POST.get("confirmed") != "yes":
            return self._ask(request, queryset)
        decision, reason = request.POST.get("choice", ""), request.POST.get("reason", "")
        settled = sum(self._settle(request, *group, decision, reason) for group in _by_delivery(queryset))
        ring(tasks.sweep)
        if settled:
            messages.success(request, settled_sentence(decision, settled))
        return None

    def _settle(self, request: HttpRequest, delivery: Delivery, numbers: list[int], decision: str, reason: str) -> int:
        now = timezone.now()
        try:
            if decision not in settlement.DECISIONS:
                raise settlement.UnknownDecision(_("Choose what becomes of them."))
            settled = settlement.settle_in_doubt(delivery, decision=decision, now=now, broadlogs=numbers)
        except Refused as error:
            messages.error(request, f"{delivery.label}: {error}")
            return 0
        record(Deed(delivery, "settle", ADMIN, request.user, now, reason, {"choice": decision}))
        return settled

    def _ask(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        number = queryset.count()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Settle what is in doubt"),
            "dialog": _dialog(number),
            "opts": self.opts,
            "action_url": request.get_full_path(),
            "back_url": request.get_full_path(),
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/deliveries/messageindoubt/settle.html", context)


def _dialog(number: int) -> Dialog:
    fact = ngettext(
        "Nobody knows whether %(number)s message was received.",
        "Nobody knows whether %(number)s messages were received.",
        number,
    )
    return Dialog(
        title=_("Settle what is in doubt"),
        lines=[fact % {"number": count(number)}],
        choices=settle_choices(),
        keep=_("Leave it in doubt"),
        asks_reason=True,
        is_destructive=False,
    )


def _by_delivery(rows: QuerySet[Any]) -> Iterable[tuple[Delivery, list[int]]]:
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, delivery_id in rows.order_by().values_list("pk", "delivery_id"):
        numbers[delivery_id].append(number)
    deliveries = Delivery.objects.in_bulk(numbers)
    return [(deliveries[delivery_id], chosen) for delivery_id, chosen in sorted(numbers.items())]
