"""Custom attributes of recipients: declared in the admin, kept in the JSON column, so that none needs a migration."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Attribute(models.Model):
    """What `recipient.attributes[name]` means: its type, its label, and whether filters on it have an index."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", pgettext_lazy("type of value", "Number")
        BOOLEAN = "boolean", _("Yes or no")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")

    name = models.CharField(_("name"), max_length=100, unique=True)
    label = models.CharField(_("label"), max_length=200)
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    # [{"value": "gold", "label": "Gold"}], of a choice only.
    choices = models.JSONField(_("choices"), default=list, blank=True)
    indexed = models.BooleanField(_("indexed"), default=False)
    help_text = models.CharField(_("help"), max_length=300, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("custom attribute")
        verbose_name_plural = _("custom attributes")

    def __str__(self) -> str:
        return self.label
