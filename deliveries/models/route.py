"""Routes (external accounts) and affinities (which MTA processes may serve a delivery)."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from recipients.vocabulary import Channel


class Affinity(models.Model):
    name = models.SlugField(_("name"), max_length=100, unique=True)
    # From where its messages leave; empty: wherever the system sends from.
    source_ipv4 = models.GenericIPAddressField(_("source address (IPv4)"), protocol="IPv4", null=True, blank=True)
    source_ipv6 = models.GenericIPAddressField(_("source address (IPv6)"), protocol="IPv6", null=True, blank=True)
    # The name given in EHLO; empty: the host of BASE_URL.
    host_name = models.CharField(_("host name in EHLO"), max_length=253, blank=True, default="")

    class Meta:
        verbose_name = _("IP affinity")
        verbose_name_plural = _("IP affinities")

    def __str__(self) -> str:
        return self.name


class Authentication(models.TextChoices):
    PASSWORD = "password", _("Password")
    XOAUTH2 = "xoauth2", _("OAuth 2 token (XOAUTH2)")


class Route(NamedModel):
    """Where a channel's messages go. The default route of e-mail has an empty `url` and follows SMTP_URL.

    `mx://` is the direct way: to the mail servers of each recipient's domain.
    """

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    # scheme://user@host:port; the password is kept apart, encrypted.
    url = models.CharField(_("address"), max_length=300, blank=True, default="")
    encrypted_password = models.TextField(blank=True, default="", editable=False)
    authentication = models.CharField(
        _("authentication"), max_length=10, choices=Authentication.choices, default=Authentication.PASSWORD
    )
    # Of the server named above, beside the additional ones.
    weight = models.PositiveSmallIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])
    max_messages_per_connection = models.PositiveIntegerField(
        _("messages per connection"), default=10_000, validators=[MinValueValidator(1)]
    )
    # Where the relay writes what became of each message; empty: out of reach, the delivery's policy decides.
    relay_log = models.CharField(_("log of the relay"), max_length=500, blank=True, default="")
    relay_log_format = models.CharField(_("format of the log"), max_length=30, blank=True, default="postfix")
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


class Relay(models.Model):
    """One more server of a route: shares its traffic by weight, or takes over when those before it fail."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="relays", verbose_name=_("route"))
    url = models.CharField(_("address"), max_length=300)
    encrypted_password = models.TextField(blank=True, default="", editable=False)
    authentication = models.CharField(
        _("authentication"), max_length=10, choices=Authentication.choices, default=Authentication.PASSWORD
    )
    # 0 shares with the route's own server; a higher one is used when all lower ones fail.
    preference = models.PositiveSmallIntegerField(_("preference"), default=0)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("additional server")
        verbose_name_plural = _("additional servers")
        ordering = ["preference", "pk"]
        constraints = [models.UniqueConstraint(fields=["route", "url"], name="relay_once_per_route")]

    def __str__(self) -> str:
        return self.url
