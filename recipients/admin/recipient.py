"""People: found by the beginning of their address or name; erased, never deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.admin import NoCountPaginator, OneOrderMixin, TabbedPageMixin
from recipients.addresses import InvalidAddress, clean_email
from recipients.admin.erasing import ErasingMixin
from recipients.admin.profile import recipient_tabs
from recipients.denylist import COLUMNS
from recipients.erasure.suppression import ERASED, suppressed
from recipients.models import Recipient, RecipientList, Subscription, SubscriptionEvent
from recipients.search import beginning_with

MAX_CHOICES = 200
NEWEST = 5_000


class RecipientForm(forms.ModelForm):  # type: ignore[type-arg]
    # No trimming: a line break around an address is refused, not hidden.
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False, strip=False)

    class Meta:
        model = Recipient
        fields = (
            *("email", "first_name", "last_name", "mobile_phone", "birth_date", "language", "gender"),
            *("country_code", "attributes", *COLUMNS.values()),
        )

    def clean_email(self) -> str:
        text: str = self.cleaned_data["email"]
        if not text.strip(" "):
            return ""
        try:
            return clean_email(text)
        except InvalidAddress as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        email, phone = values.get("email", ""), values.get("mobile_phone", "")
        if self.instance.pk is None and suppressed([(email, phone)]):
            raise ValidationError(ERASED)
        return values


class HistoryInline(admin.TabularInline):  # type: ignore[type-arg]
    """What services write; people read it."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("service").order_by("-pk")


class SubscriptionInline(HistoryInline):
    model = Subscription


class SubscriptionEventInline(HistoryInline):
    model = SubscriptionEvent


class ListFilter(admin.SimpleListFilter):
    title = _("recipient list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = RecipientList.objects.order_by("label").values_list("pk", "label")[:MAX_CHOICES]
        return [(str(number), label) for number, label in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen or not chosen.isdecimal():
            return queryset
        return queryset.filter(list_memberships__recipient_list_id=int(chosen))


class LanguageFilter(admin.SimpleListFilter):
    """The languages of the newest people: the whole table is not read for a list of choices."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        last = Recipient.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        newest = Recipient.objects.filter(pk__gt=last - NEWEST).exclude(language="")
        return [(code, code) for code in newest.order_by("language").values_list("language", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(language=self.value()) if self.value() else queryset


@admin.register(Recipient)
class RecipientAdmin(ErasingMixin, OneOrderMixin, TabbedPageMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    tabs = recipient_tabs
    form = RecipientForm
    change_form_template = "admin/page_form.html"
    list_display = ("__str__", "email", "language", "country_code", "birth_date", "denylist_all", "created_at")
    list_filter = (ListFilter, LanguageFilter, "gender", *COLUMNS.values(), "created_at")
    # The box is shown; `get_search_results` says what it searches.
    search_fields = ("email",)
    search_help_text = _("The beginning of an e-mail address, first name or last name")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    paginator = NoCountPaginator
    readonly_fields = ("created_at", "updated_at")
    inlines = (SubscriptionInline, SubscriptionEventInline)
    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "mobile_phone", "birth_date")}),
        (_("Profile"), {"fields": ("language", "gender", "country_code", "attributes")}),
        (_("No longer contact"), {"fields": tuple(COLUMNS.values())}),
        (_("Dates"), {"fields": ("created_at", "updated_at")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return beginning_with(queryset, search_term), False

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {"header_template": "admin/recipients/recipient/facts.html"}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
