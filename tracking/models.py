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
        ]

    def url_text(self) -> str:
        """The address of the link that was followed; empty for an opening. Lists select `tracked_url` with it."""
        return self.tracked_url.url if self.tracked_url else ""


class DeliveryMark(models.Model):
    """Consolidation's cursor: deliveries with hits newer than their counters."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="+", primary_key=True)
    stale_since = models.DateTimeField()

    class Meta:
        verbose_name = _("consolidation mark")
        verbose_name_plural = _("consolidation marks")
