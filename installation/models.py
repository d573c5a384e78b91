"""Live options, processes and idempotency keys."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Option(models.Model):
    """An option that an administrator changed; `installation.options` declares them all with their defaults."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    value = models.JSONField(_("value"))
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")

    def __str__(self) -> str:
        return self.name


class Process(models.Model):
    """A process that says it is alive. `progressed_at` moves only when it did work, so a stalled one can be told."""

    class Kind(models.TextChoices):
        WEB = "web", _("web")
        WORKER = "worker", _("worker")
        BEAT = "beat", _("beat")
        MTA = "mta", _("MTA")

    uid = models.CharField(_("identifier"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    host = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("process number"))
    memory_mb = models.FloatField(_("memory in MB"), default=0)
    affinities = models.JSONField(_("affinities"), default=list, blank=True)
    started_at = models.DateTimeField(_("started at"))
    heartbeat_at = models.DateTimeField(_("last heartbeat"))
    progressed_at = models.DateTimeField(_("last progress"), null=True, blank=True)
    stop_requested = models.BooleanField(_("stop requested"), default=False)
    # With a stop requested: its supervisor starts another in its place.
    restart_requested = models.BooleanField(_("restart requested"), default=False)

    class Meta:
        verbose_name = _("process")
        verbose_name_plural = _("processes")

    def __str__(self) -> str:
        return f"{self.kind}@{self.name} ({self.pid}) - {self.memory_mb:.1f} MB"


class IdempotencyKey(models.Model):
    """The answer given to an action, repeated when the same key comes again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]
