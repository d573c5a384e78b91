"""Routes (external accounts) and affinities (which MTA processes may serve a delivery)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from recipients.vocabulary import Channel


class Affinity(models.Model):
    name = models.SlugField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("IP affinity")
        verbose_name_plural = _("IP affinities")

    def __str__(self) -> str:
        return self.name


class Route(NamedModel):
    """Where a channel's messages go. The default route of e-mail has an empty `url` and follows SMTP_URL."""

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    # scheme://user@host:port; the password is kept apart, encrypted.
    url = models.CharField(_("address"), max_length=300, blank=True, default="")
    encrypted_password = models.TextField(blank=True, default="", editable=False)
    max_connections = models.PositiveSmallIntegerField(_("connections per process"), default=16)
    is_default = models.BooleanField(_("default route of its channel"), default=False)
    paused = models.BooleanField(_("paused"), default=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pause_reason = models.TextField(_("reason of the pause"), blank=True, default="")

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], condition=models.Q(is_default=True), name="route_one_default_per_channel"
            )
        ]
