"""What a workflow asks of people: to approve, to do something, or to know."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.models.run import ActivityRun


class Assignment(models.Model):
    """One per task of an approval, task or alert activity; the first answer ends it."""

    class Kind(models.TextChoices):
        APPROVAL = "approval", _("Approval")
        TASK = "task", _("Task")
        ALERT = "alert", _("Alert")

    task = models.OneToOneField(
        ActivityRun, on_delete=models.CASCADE, related_name="assignment", verbose_name=_("task")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=200)
    message = models.TextField(_("message"), blank=True, default="")
    # Nobody in particular: whoever may run workflows.
    group = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("group")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("assigned to"),
    )
    # The outlets that may be chosen, as [{"name", "label"}].
    choices = models.JSONField(_("choices"), default=list, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=100, blank=True, default="")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    comment = models.TextField(_("comment"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        permissions = [("answer_assignment", "Can answer what workflows ask")]
        indexes = [
            models.Index(fields=["created_at"], name="assignment_open", condition=models.Q(answered_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title
