"""Frozen content: one version per hash, and the links it contains."""

from __future__ import annotations

import re

from django.db import models
from django.utils.translation import gettext_lazy as _

from deliveries.models.delivery import Delivery
from deliveries.models.settings import ContentFields


class ContentVersion(ContentFields):
    """Content as sent. `compiled_html` and `compiled_text` have their links replaced by numbered markers."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="content_versions", verbose_name=_("delivery")
    )
    number = models.PositiveIntegerField(_("version"))
    hash = models.CharField(_("hash"), max_length=64)
    compiled_html = models.TextField(blank=True, default="")
    compiled_text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("content version")
        verbose_name_plural = _("content versions")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="content_version_number_once"),
            models.UniqueConstraint(fields=["delivery", "hash"], name="content_version_once_per_hash"),
        ]


class TrackedUrl(models.Model):
    """A link of one content version; `url` may hold personalisation after its host."""

    class Kind(models.TextChoices):
        CLICK = "click", _("Link")
        MIRROR = "mirror", _("Mirror page")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscription")

    content_version = models.ForeignKey(
        ContentVersion, on_delete=models.CASCADE, related_name="tracked_urls", verbose_name=_("content version")
    )
    number = models.PositiveIntegerField(_("number"))
    url = models.TextField(_("URL"))
    label = models.CharField(_("label"), max_length=250, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.CLICK)

    class Meta:
        verbose_name = _("tracked URL")
        verbose_name_plural = _("tracked URLs")
        constraints = [models.UniqueConstraint(fields=["content_version", "number"], name="tracked_url_number_once")]

    def __str__(self) -> str:
        return self.label or self.url

    def words(self) -> str:
        """What one reads in a report: its label, its kind where the address is only a placeholder, or its address."""
        if self.label:
            return readable(self.label)
        return readable(self.url) if self.kind == self.Kind.CLICK else str(self.get_kind_display())

    def address_in_words(self) -> str:
        """Its address, or its kind where the address is only a placeholder."""
        return readable(self.url) if self.kind == self.Kind.CLICK else str(self.get_kind_display())


_PLACEHOLDER = re.compile(r"\{\{-?\s*([^}|]*?)\s*(?:\|[^}]*)?-?\}\}")


def readable(text: str) -> str:
    """`?customer={{ recipient.id }}` as `?customer=‹recipient.id›`: a template whose values are not known here."""
    return _PLACEHOLDER.sub(r"‹\1›", text)
