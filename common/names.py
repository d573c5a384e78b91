"""Internal names: stable, readable identifiers that exports use instead of numbers."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _


class NamedModel(models.Model):
    """A labelled row with a unique internal name, made from the label when left empty."""

    label = models.CharField(_("label"), max_length=200)
    internal_name = models.SlugField(_("internal name"), max_length=120, unique=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.internal_name:
            self.internal_name = f"{slugify(self.label)[:100] or self._meta.model_name}-{secrets.token_hex(4)}"
        super().save(*args, **kwargs)  # type: ignore[arg-type]
