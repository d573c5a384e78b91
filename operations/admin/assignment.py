"""What workflows ask of people: those that wait for the reader first, each with its answers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import Choice, Dialog, ReadOnlyAdmin
from common.audit import ADMIN, Deed, record
from common.badges import Badge
from common.doorbell import ring
from common.errors import Refused
from operations import assignments, tasks
from operations.models import Assignment

WAITING, OVER, ALL = "waiting", "over", "all"


class WaitingFilter(admin.SimpleListFilter):
    """What waits for the reader is what the page opens with."""

    title = gettext_lazy("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(OVER, gettext_lazy("Answered or over")), (ALL, gettext_lazy("All, alerts too"))]

    def choices(self, changelist: Any) -> Any:
        labels = [(None, gettext_lazy("Waiting for you")), *self.lookup_choices]
        for value, label in labels:
            query = changelist.get_query_string({self.parameter_name: value} if value else {}, [self.parameter_name])
            yield {"selected": self.value() == value, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Assignment]) -> QuerySet[Assignment]:
        if self.value() == OVER:
            return queryset.filter(answered_at__isnull=False)
        if self.value() == ALL:
            return queryset
        return queryset.filter(pk__in=assignments.waiting_for(request.user).values("pk"))


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    change_form_template = "admin/operations/assignment/change_form.html"
    list_display = ["title", "kind", "workflow", "asked", "due_at", "answer_text", "created_at"]
    list_select_related = ["task__run__workflow", "group", "user"]
    list_filter = [WaitingFilter, "kind"]
    search_fields = ["title"]
    ordering = ["-pk"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Assignment | None = None) -> bool:
        """Everybody reads what is asked of them: `get_queryset` shows no more."""
        return self.has_module_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        return assignments.visible_to(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.answer_view)
        return [path("<int:pk>/answer/", view, name="operations_assignment_answer"), *super().get_urls()]

    @admin.display(description=gettext_lazy("workflow"))
    def workflow(self, row: Assignment) -> str:
        return row.task.run.workflow.label

    @admin.display(description=gettext_lazy("asked"))
    def asked(self, row: Assignment) -> str:
        return str(row.user or row.group or gettext_lazy("whoever may answer"))

    @admin.display(description=gettext_lazy("answer"))
    def answer_text(self, row: Assignment) -> str:
        return assignments.answer_label(row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self._row(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": row.title,
            "opts": self.opts,
            "row": row,
            "asked": self.asked(row),
            "answer": assignments.answer_label(row),
            # None where only a signal came.
            "people": row.task.memo.get("people"),
            "look": _look(row),
            "is_open": _is_open(row),
            "may_answer": _is_open(row) and assignments.may_answer(row, request.user),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.change_form_template, context)

    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows the dialog, POST gives the answer."""
        row = self._row(request, str(pk))
        if not assignments.may_answer(row, request.user):
            raise PermissionDenied
        back = reverse("admin:operations_assignment_change", args=[pk])
        if request.method == "POST":
            self._answer(request, row)
            return HttpResponseRedirect(back)
        if not _is_open(row):
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": row.title,
            "dialog": _dialog(row),
            "row": row,
            "opts": self.opts,
            "action_url": request.path,
            "back_url": back,
        }
        return TemplateResponse(request, "admin/dialog.html", context)

    def _answer(self, request: HttpRequest, row: Assignment) -> None:
        choice, comment = request.POST.get("choice", ""), request.POST.get("reason", "")
        user: Any = request.user
        now = timezone.now()
        try:
            assignments.answer(row, choice=choice, comment=comment, by=user, now=now)
        except Refused as error:
            messages.error(request, str(error))
            return
        record(Deed(row, "answer", ADMIN, user, now, comment, {"choice": choice}))
        ring(tasks.sweep)
        messages.success(request, _("Your answer is given: the workflow goes on."))

    def _row(self, request: HttpRequest, number: str) -> Assignment:
        rows = self.get_queryset(request).select_related("task__run__workflow", "group", "user", "answered_by")
        row = rows.filter(pk=number).first() if number.isdigit() else None
        if row is None:
            raise Http404
        return row


def _is_open(row: Assignment) -> bool:
    return row.answered_at is None and row.kind != Assignment.Kind.ALERT


def _look(row: Assignment) -> Badge:
    if row.kind == Assignment.Kind.ALERT:
        return Badge("mute", "bell", _("Alert"))
    if row.answered_at is None:
        is_late = row.due_at is not None and row.due_at <= timezone.now()
        return Badge("warn", "clock", _("Overdue")) if is_late else Badge("wait", "hand", _("Waiting"))
    if row.answered_by is None and row.answer in ("", assignments.EXPIRED):
        return Badge("mute", "circle-minus", assignments.answer_label(row) or _("Withdrawn"))
    return Badge("ok", "check", _("Answered"))


def _dialog(row: Assignment) -> Dialog:
    choices = [
        Choice(choice["name"], label, "", label)
        for choice, label in ((choice, assignments.choice_label(choice)) for choice in row.choices)
    ]
    lines = [line for line in row.message.splitlines() if line.strip()]
    return Dialog(title=row.title, lines=lines, choices=choices, asks_reason=True, is_destructive=False)
