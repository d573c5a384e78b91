"""What is left of a person who was erased: a number, a date, and a keyed hash of the address that stays out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Erasure(models.Model):
    recipient_id = models.BigIntegerField(_("recipient"), unique=True)
    # Hexadecimal, keyed with SECRET_KEY; empty for a person without an address.
    hash = models.CharField(max_length=64, blank=True, default="")
    erased_at = models.DateTimeField(_("erased at"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [models.Index(fields=["hash"], name="erasure_hash")]

    def __str__(self) -> str:
        return f"#{self.recipient_id}"
