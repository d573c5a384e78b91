"""The fields that a template and a delivery share: content and sending settings. A delivery copies them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from deliveries.models.route import Affinity, Route
from deliveries.models.typology import Typology
from recipients.models import Service
from recipients.vocabulary import Channel


class ContentFields(models.Model):
    """What one message says."""

    subject = models.CharField(_("subject"), max_length=500, blank=True, default="")
    html = models.TextField(_("HTML content"), blank=True, default="")
    text = models.TextField(_("text content"), blank=True, default="")
    from_name = models.CharField(_("sender name"), max_length=200, blank=True, default="")
    from_email = models.CharField(_("sender address"), max_length=254, blank=True, default="")
    reply_to = models.CharField(_("reply address"), max_length=254, blank=True, default="")
    tracking_enabled = models.BooleanField(_("tracking"), default=True)

    CONTENT_FIELDS = ("subject", "html", "text", "from_name", "from_email", "reply_to", "tracking_enabled")

    class Meta:
        abstract = True


class SendingFields(models.Model):
    """How it is sent."""

    class ApprovalMode(models.TextChoices):
        MANUAL = "manual", _("Manual")
        SEMI_AUTOMATIC = "semi_automatic", _("Semi-automatic")
        AUTOMATIC = "automatic", _("Automatic")

    class InDoubtPolicy(models.TextChoices):
        HOLD = "hold", _("Hold: name them and wait for a decision")
        RESEND = "resend", _("Send again: they may receive it twice")

    class Priority(models.IntegerChoices):
        LOW = 0, _("Low")
        NORMAL = 10, _("Normal")
        HIGH = 20, _("High")
        TRANSACTIONAL = 40, _("Transactional")

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    approval_mode = models.CharField(
        _("approval mode"), max_length=20, choices=ApprovalMode.choices, default=ApprovalMode.AUTOMATIC
    )
    typology = models.ForeignKey(
        Typology, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("typology"), related_name="+"
    )
    route = models.ForeignKey(
        Route, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("route"), related_name="+"
    )
    affinity = models.ForeignKey(
        Affinity, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("affinity"), related_name="+"
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("service"), related_name="+"
    )
    validity_days = models.PositiveSmallIntegerField(
        _("validity in days"), default=5, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    priority = models.SmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    in_doubt_policy = models.CharField(
        _("messages in doubt"), max_length=10, choices=InDoubtPolicy.choices, default=InDoubtPolicy.HOLD
    )
    keep_ignored = models.BooleanField(_("keep a log row for ignored recipients"), default=True)

    SENDING_FIELDS = (
        "channel",
        "approval_mode",
        "typology",
        "route",
        "affinity",
        "service",
        "validity_days",
        "priority",
        "in_doubt_policy",
        "keep_ignored",
    )

    class Meta:
        abstract = True
