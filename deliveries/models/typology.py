"""Typologies: named sets of rules that the analysis runs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel


class Typology(NamedModel):
    class Meta:
        verbose_name = _("typology")
        verbose_name_plural = _("typologies")


class TypologyRule(models.Model):
    class Level(models.TextChoices):
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    typology = models.ForeignKey(Typology, on_delete=models.CASCADE, related_name="rules", verbose_name=_("typology"))
    type = models.CharField(_("rule"), max_length=50)
    level = models.CharField(_("alert level"), max_length=10, choices=Level.choices, default=Level.WARNING)
    active = models.BooleanField(_("active"), default=True)
    sequence = models.PositiveSmallIntegerField(_("execution sequence"), default=10)

    class Meta:
        verbose_name = _("typology rule")
        verbose_name_plural = _("typology rules")
        constraints = [models.UniqueConstraint(fields=["typology", "type"], name="typology_rule_once")]

    def __str__(self) -> str:
        return self.type
