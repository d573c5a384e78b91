"""The admin of deliveries: the list, the form (one tab of the page) and the addresses of the page's parts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import NoCountPaginator, TabbedPageMixin
from common.charts import Part, progress_bar
from common.errors import Refused
from common.figures import count
from common.template_tags import badge as badge_tag
from deliveries.admin.badges import state_badge
from deliveries.admin.delivery_actions import DeliveryActions
from deliveries.admin.filters import KindFilter, StateFilter
from deliveries.admin.preview import preview_page
from deliveries.admin.tabs import delivery_tabs
from deliveries.admin.tabs.summary import live_context
from deliveries.admin.why import why_urls
from deliveries.creation import create_delivery
from deliveries.editing import FREE_FIELDS, InvalidTarget, check_target, edit_delivery
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.models.delivery import FINAL_STATES
from deliveries.preparation.void import UNCONFIRMED_STATES
from deliveries.progress import SUCCESS
from recipients.forms import FilterWidget

_EDITABLE = (DeliveryState.EDITED, DeliveryState.PREPARATION_FAILED)
COMMANDS = ("deliveries.prepare_delivery", "deliveries.start_delivery")


class DeliveryForm(forms.ModelForm[Delivery]):
    class Meta:
        model = Delivery
        fields = ["label"]
        widgets = {"target": FilterWidget(lists=True)}

    def clean_target(self) -> Any:
        target = self.cleaned_data["target"]
        if target is not None:
            try:
                check_target(target)
            except InvalidTarget as error:
                raise ValidationError(str(error)) from error
        return target


@admin.register(Delivery)
class DeliveryAdmin(DeliveryActions, TabbedPageMixin, admin.ModelAdmin[Delivery]):
    form = DeliveryForm
    tabs = delivery_tabs
    change_form_template = "admin/page_form.html"
    paginator = NoCountPaginator
    show_full_result_count = False
    list_per_page = 50
    list_display = ["label", "state_shown", "operation", "contact_date", "to_send", "progress", "succeeded", "opens"]
    list_filter = [StateFilter, KindFilter, "channel"]
    list_select_related = ["operation", "series__activity__workflow", "affinity"]
    search_fields = ["label"]
    ordering = ["-pk"]
    actions = None
    raw_id_fields = ["operation", "template"]
    facts = ["kind", "state", "template", "operation", "workflow_run", "series", "occurrence", "proof_of"]

    def get_urls(self) -> list[Any]:
        views = [("preview", self.preview), ("live", self.live)]
        pages = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"deliveries_delivery_{name}")
            for name, view in views
        ]
        return [*pages, *why_urls(self), *super().get_urls()]

    # The page

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        delivery: Delivery = row
        return {
            "delivery": delivery,
            "page_badge": state_badge(delivery),
            "header_template": "admin/deliveries/delivery/facts.html",
            "code": f"DM{delivery.pk}",
            "who_may": [] if any(request.user.has_perm(name) for name in COMMANDS) else _who_may(),
            "is_viewer": not any(request.user.has_perm(name) for name in COMMANDS),
        }

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One message on screen; `version` names frozen content, else it is the delivery's own."""
        delivery = get_object_or_404(Delivery, pk=pk)
        version = request.GET.get("version", "")
        content = get_object_or_404(delivery.content_versions, number=version) if version.isdigit() else delivery
        return preview_page(request, content, label=delivery.label)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The regions of the summary that change by themselves."""
        delivery = get_object_or_404(Delivery, pk=pk)
        if not self.has_view_or_change_permission(request, delivery):
            raise PermissionDenied
        context = {"row": delivery, "opts": self.opts, **live_context(request, delivery, timezone.now())}
        return TemplateResponse(request, "admin/deliveries/delivery/live.html", context)

    # The list

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, delivery: Delivery) -> SafeString:
        return badge_tag(state_badge(delivery))

    @admin.display(description=gettext_lazy("to send"), ordering="targeted")
    def to_send(self, delivery: Delivery) -> str:
        return count(delivery.targeted - delivery.ignored)

    @admin.display(description=gettext_lazy("progress"))
    def progress(self, delivery: Delivery) -> SafeString:
        succeeded = sum(getattr(delivery, name) for name in SUCCESS)
        parts = [
            Part("", succeeded, "ok"),
            Part("", delivery.failed, "bad"),
            Part("", delivery.in_doubt, "doubt"),
            Part("", delivery.pending, "rest"),
        ]
        sentence = _("%(sent)s sent, %(failed)s failed, %(pending)s pending") % {
            "sent": count(succeeded),
            "failed": count(delivery.failed),
            "pending": count(delivery.pending),
        }
        return progress_bar(parts, total=delivery.targeted - delivery.ignored, sentence=sentence)

    @admin.display(description=gettext_lazy("sent"), ordering="sent")
    def succeeded(self, delivery: Delivery) -> str:
        return count(sum(getattr(delivery, name) for name in SUCCESS))

    @admin.display(description=gettext_lazy("human opens"), ordering="opened")
    def opens(self, delivery: Delivery) -> str:
        return count(delivery.opened if delivery.tracking_enabled and delivery.sent else None)

    # The form

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["label", "template", "operation", "target"]})]
        sending = [*Delivery.SENDING_FIELDS, "contact_date"]
        return [
            (None, {"fields": ["label", *self.facts, "target"]}),
            (_("Content"), {"fields": list(Delivery.CONTENT_FIELDS)}),
            (_("Sending"), {"fields": sending}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> list[str]:
        if obj is None:
            return []
        # Content is read-only from the analysis on: taking the analysis back is a button, not a side effect.
        fixed = [] if obj.state in _EDITABLE else ["label", *Delivery.CONTENT_FIELDS, *Delivery.SENDING_FIELDS]
        own_target = obj.kind == DeliveryKind.ONE_OFF and obj.activity_id is None and obj.state in _EDITABLE
        free = set() if obj.state in FINAL_STATES else FREE_FIELDS
        over = ["contact_date"] if obj.state not in UNCONFIRMED_STATES else []
        names = [name for name in fixed if name not in free]
        return [*names, *self.facts, *over, *([] if own_target else ["target"])]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Delivery, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        now: datetime = timezone.now()
        if change:
            edit_delivery(Delivery.objects.get(pk=obj.pk), values, now=now)
        elif obj.template is None:
            obj.save()
        else:
            made = create_delivery(
                template=obj.template, now=now, label=obj.label, operation=obj.operation, target=obj.target
            )
            obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Delivery, post_url_continue: str | None = None) -> HttpResponse:
        """A new delivery is filled in next."""
        plain = "_addanother" not in request.POST and "_popup" not in request.POST
        answer = super().response_add(request, obj, post_url_continue)
        if plain and "_continue" in request.POST:
            return HttpResponseRedirect(reverse("admin:deliveries_delivery_properties", args=[obj.pk]))
        return answer


def _who_may() -> list[str]:
    """The groups whose members may act on deliveries."""
    names = [name.partition(".")[2] for name in COMMANDS]
    groups = Group.objects.filter(permissions__codename__in=names).distinct().order_by("name")
    return list(groups.values_list("name", flat=True)[:5])
