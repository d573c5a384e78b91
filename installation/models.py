"""Live options, processes, idempotency keys, what people did, and how each wants to see the pages."""

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


class Preference(models.Model):
    """How one user wants to see the pages; absent for one who never chose."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preference"
    )
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    shortcuts = models.BooleanField(_("single-letter keys"), default=True)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")


class SavedView(models.Model):
    """Filters of a list that somebody named; shared ones are seen by everybody who may see the list."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    # "deliveries.delivery"
    model = models.CharField(_("list"), max_length=100)
    label = models.CharField(_("label"), max_length=100)
    # The query string of the list, without its "?".
    query = models.TextField(_("filters"), blank=True, default="")
    shared = models.BooleanField(_("shared"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["owner", "model", "label"], name="saved_view_once_per_owner_and_label")
        ]

    def __str__(self) -> str:
        return self.label


class AuditEntry(models.Model):
    """One thing that somebody did to one object, in the admin, by the API or by a command."""

    at = models.DateTimeField(_("at"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("user")
    )
    origin = models.CharField(_("origin"), max_length=10)
    # "deliveries.delivery" and its number: rows of any app, those downstream included.
    model = models.CharField(_("object"), max_length=100)
    object_id = models.BigIntegerField(_("number"))
    action = models.CharField(_("action"), max_length=100)
    reason = models.TextField(_("reason"), blank=True, default="")
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        indexes = [
            models.Index(fields=["model", "object_id", "at"], name="audit_of_object"),
            models.Index(fields=["at"], name="audit_at"),
        ]

    @property
    def said(self) -> str:
        """What was done, in words."""
        return str(DEEDS.get(self.action, self.action))

    @property
    def where(self) -> str:
        """Who did it, or from where."""
        return str(self.user) if self.user is not None else str(ORIGINS.get(self.origin, self.origin))


ORIGINS = {"admin": _("back office"), "api": _("API"), "command": _("command line")}
# Verbs of the services of every app; a verb without words is shown as it is.
DEEDS = {
    "start": _("Started"),
    "pause": _("Paused"),
    "resume": _("Resumed"),
    "stop": _("Stopped"),
    "stop_series": _("Series stopped"),
    "cancel": _("Cancelled"),
    "duplicate": _("Duplicated"),
    "copy": _("Copied"),
    "run_now": _("Run asked for"),
    "rehearse": _("Rehearsed"),
    "restart": _("Restarted"),
    "prepare": _("Analysis asked for"),
    "take_back": _("Analysis taken back"),
    "confirm": _("Confirmed"),
    "proof": _("Proof sent"),
    "settle": _("Messages in doubt settled"),
    "recompute": _("Account recomputed"),
    "signal": _("Signal received"),
    "answer": _("Answered"),
    "release": _("Released"),
    "erase": _("Erased"),
    "export": _("Personal data exported"),
}
