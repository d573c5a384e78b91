"""How fast a receiver is sent to: groups of receiving domains, their limits, their state, plans for new addresses."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from deliveries.models.route import Affinity, Route


class ReceiverGroup(NamedModel):
    """Domains behind the same mail servers, limited together. The first group (by position) that matches counts."""

    position = models.PositiveIntegerField(_("position"), default=100)
    # Patterns with * and ?, one per line: of the recipient's domain, and of the host names of its mail servers.
    domains = models.TextField(_("domains"), blank=True, default="")
    mail_servers = models.TextField(_("mail servers"), blank=True, default="")

    class Meta:
        verbose_name = _("group of receiving domains")
        verbose_name_plural = _("groups of receiving domains")
        ordering = ["position", "pk"]


class SendingLimit(models.Model):
    """Empty means every one; of the lines that match, the most specific counts (group, then affinity, then route)."""

    group = models.ForeignKey(
        ReceiverGroup, on_delete=models.CASCADE, null=True, blank=True, related_name="limits", verbose_name=_("group")
    )
    route = models.ForeignKey(
        Route, on_delete=models.CASCADE, null=True, blank=True, related_name="limits", verbose_name=_("route")
    )
    affinity = models.ForeignKey(
        Affinity, on_delete=models.CASCADE, null=True, blank=True, related_name="limits", verbose_name=_("IP affinity")
    )
    # Over all sending processes together; empty: no limit.
    connections = models.PositiveIntegerField(
        _("connections"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    messages_per_connection = models.PositiveIntegerField(
        _("messages per connection"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    messages_per_second = models.FloatField(
        _("messages per second"), null=True, blank=True, validators=[MinValueValidator(0.001)]
    )
    messages_per_hour = models.PositiveIntegerField(
        _("messages per hour"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    enabled = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("sending limit")
        verbose_name_plural = _("sending limits")
        constraints = [
            models.UniqueConstraint(
                Coalesce("group_id", 0), Coalesce("route_id", 0), Coalesce("affinity_id", 0), name="limit_once_per_case"
            )
        ]

    def __str__(self) -> str:
        return " – ".join(str(each or "*") for each in (self.group, self.route, self.affinity))

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        # The constraint's expressions name columns, which Django's own validation takes for those of any row.
        same = (
            type(self)
            .objects.filter(group=self.group_id, route=self.route_id, affinity=self.affinity_id)
            .exclude(pk=self.pk or 0)
        )
        if same.exists():
            raise ValidationError(_("There is a limit for this group, route and affinity already."))


class GroupState(models.Model):
    """What a receiver taught us: how much of its rate it takes now, and until when it gets nothing."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="group_states", verbose_name=_("route"))
    # The internal name of a group, or the receiving domain itself where no group matches.
    receiver = models.CharField(_("receiver"), max_length=255)
    # "" where the delivery has no affinity.
    affinity = models.CharField(_("IP affinity"), max_length=100, blank=True, default="")
    factor = models.FloatField(_("share of the rate"), default=1.0)
    factor_changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    # What it got when it first asked for less: the rate of which the factor is a share where no limit says one.
    measured_rate = models.FloatField(_("messages per second measured"), null=True, blank=True)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    # Until somebody resumes it.
    paused = models.BooleanField(_("paused"), default=False)
    # How often it was paused of late: each pause is longer than the one before.
    pauses = models.PositiveSmallIntegerField(_("pauses"), default=0, db_default=0)
    # The words with which it refused everybody: until it takes a message, they fail nobody.
    suspected = models.CharField(_("suspected reply"), max_length=200, blank=True, default="", db_default="")
    reason = models.CharField(_("reason"), max_length=1000, blank=True, default="")

    class Meta:
        verbose_name = _("state of a receiver")
        verbose_name_plural = _("states of receivers")
        constraints = [
            models.UniqueConstraint(fields=["route", "receiver", "affinity"], name="group_state_once_per_case")
        ]

    def __str__(self) -> str:
        return self.receiver


class TokenBucket(models.Model):
    """Allowances shared by all processes where there is no Redis."""

    key = models.CharField(max_length=400, primary_key=True)
    tokens = models.FloatField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("token bucket")
        verbose_name_plural = _("token buckets")


class WarmUp(models.Model):
    """How many messages a day a new address may send to a group: the first day's volume grows by a factor each day."""

    affinity = models.ForeignKey(
        Affinity, on_delete=models.CASCADE, related_name="warm_ups", verbose_name=_("IP affinity")
    )
    group = models.ForeignKey(
        ReceiverGroup, on_delete=models.CASCADE, null=True, blank=True, related_name="warm_ups", verbose_name=_("group")
    )
    starts_on = models.DateField(_("first day"))
    first_day = models.PositiveIntegerField(_("messages on the first day"), validators=[MinValueValidator(1)])
    growth = models.FloatField(_("growth per day"), default=1.5, validators=[MinValueValidator(1)])
    # From this volume on the plan is over.
    ceiling = models.PositiveIntegerField(_("volume reached"), validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("warm-up plan")
        verbose_name_plural = _("warm-up plans")
        constraints = [models.UniqueConstraint("affinity", Coalesce("group_id", 0), name="warm_up_once_per_case")]

    def __str__(self) -> str:
        return f"{self.affinity} – {self.group or '*'}"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        # The constraint's expressions name columns, which Django's own validation takes for those of any row.
        same = type(self).objects.filter(affinity=self.affinity_id, group=self.group_id).exclude(pk=self.pk or 0)
        if same.exists():
            raise ValidationError(_("There is a plan for this affinity and group already."))


class DailyVolume(models.Model):
    """Messages that left from an affinity to a receiver on one day (UTC)."""

    pk = models.CompositePrimaryKey("affinity", "receiver", "day")
    affinity = models.CharField(_("IP affinity"), max_length=100)
    receiver = models.CharField(_("receiver"), max_length=255)
    day = models.DateField(_("day"))
    messages = models.PositiveBigIntegerField(_("messages"), default=0)

    class Meta:
        verbose_name = _("volume of a day")
        verbose_name_plural = _("volumes of days")
