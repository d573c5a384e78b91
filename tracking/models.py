"""Every raw hit, kept as it came; counters are computed from these rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from deliveries.models import Broadlog, Delivery, TrackedUrl
from recipients.models import Recipient


class HitKind(models.TextChoices):
    OPEN = "open", _("Open")
    CLICK = "click", _("Click")
    MIRROR = "mirror", _("Mirror page")
    UNSUBSCRIBE = "unsubscribe", _("Unsubscription")


class Verdict(models.TextChoices):
    HUMAN = "human", _("Human")
    PROXY = "proxy", _("Image proxy")
    SCANNER = "scanner", _("Security scanner")
    PREFETCH = "prefetch", _("Prefetch")
    UNKNOWN = "unknown", _("Unknown")


class TrackingLog(models.Model):
    """Volume table: one hit of one broadlog."""

    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.DO_NOTHING,
        related_name="tracking_logs",
        db_constraint=False,
        db_index=False,
        verbose_name=_("delivery"),
    )
    broadlog = models.ForeignKey(
        Broadlog,
        on_delete=models.DO_NOTHING,
        related_name="tracking_logs",
        db_constraint=False,
        db_index=False,
        verbose_name=_("delivery log"),
    )
    recipient = models.ForeignKey(
        Recipient,
        on_delete=models.DO_NOTHING,
        related_name="tracking_logs",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        verbose_name=_("recipient"),
    )
    tracked_url = models.ForeignKey(
        TrackedUrl,
        on_delete=models.DO_NOTHING,
        related_name="tracking_logs",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        verbose_name=_("tracked URL"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=HitKind.choices)
    at = models.DateTimeField(_("at"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices, default=Verdict.UNKNOWN)
    user_agent = models.CharField(_("user agent"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("tracking log")
        verbose_name_plural = _("tracking logs")
        indexes = [
            # Counters and the delivery's log page; the behaviour criteria and the recipient's history.
            models.Index(fields=["delivery", "kind", "broadlog"], name="tracking_delivery_kind"),
            models.Index(fields=["recipient", "kind"], name="tracking_recipient_kind"),
            # The newest hits of one delivery: the primary key alone is walked back through everybody else's.
            models.Index(fields=["delivery", "id"], name="tracking_delivery_newest"),
        ]

    def url_text(self) -> str:
        """The address of the link that was followed; empty for an opening. Lists select `tracked_url` with it."""
        return self.tracked_url.url if self.tracked_url else ""

    def link_in_words(self) -> str:
        """As `url_text`, for people: placeholders are readable, the mirror page and the unsubscription are named."""
        return self.tracked_url.address_in_words() if self.tracked_url else ""


class DeliveryMark(models.Model):
    """Consolidation's cursor: deliveries with hits newer than their counters."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="+", primary_key=True)
    stale_since = models.DateTimeField()

    class Meta:
        verbose_name = _("consolidation mark")
        verbose_name_plural = _("consolidation marks")


class DeliveryHour(models.Model):
    """Messages by the hour in which each first reacted, counted from the contact date of their delivery.

    Every message counts at most once in each column, so that running totals are numbers of messages.
    """

    # The hours that curves show have a row each; whatever came later is in one more.
    LAST = 72

    pk = models.CompositePrimaryKey("delivery_id", "hour")
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="hours", db_constraint=False, db_index=False
    )
    hour = models.SmallIntegerField(_("hour"))
    # First opened by people; those of which only an image proxy told are in `proxy_opens` too.
    human_opens = models.PositiveIntegerField(_("human opens"), default=0)
    proxy_opens = models.PositiveIntegerField(_("opens through an image proxy"), default=0)
    # Opened by machines and by nobody else.
    machine_opens = models.PositiveIntegerField(_("machine opens"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    # First opened by whoever it was, people or machines.
    people = models.PositiveIntegerField(_("all opens"), default=0)

    class Meta:
        verbose_name = _("reactions of an hour")
        verbose_name_plural = _("reactions by hour")
