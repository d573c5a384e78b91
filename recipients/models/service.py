"""Services (newsletters and the like), subscriptions and their history."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from recipients.models.recipient import Recipient
from recipients.vocabulary import Channel


class Service(NamedModel):
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")


class Subscription(models.Model):
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, related_name="subscriptions", verbose_name=_("service")
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="subscriptions", verbose_name=_("recipient")
    )
    created_at = models.DateTimeField(_("subscribed at"))

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [models.UniqueConstraint(fields=["service", "recipient"], name="subscription_once_per_service")]


class SubscriptionEvent(models.Model):
    """History: every subscription and unsubscription, with where it came from."""

    class Action(models.TextChoices):
        SUBSCRIBE = "subscribe", _("Subscription")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscription")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="events", verbose_name=_("service"))
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="subscription_events", verbose_name=_("recipient")
    )
    action = models.CharField(_("action"), max_length=12, choices=Action.choices)
    origin = models.CharField(_("origin"), max_length=200, blank=True, default="")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("subscription event")
        verbose_name_plural = _("subscription history")

    def __str__(self) -> str:
        return f"{self.get_action_display()} #{self.pk}"
