"""Preferences: which services a person wants, changed by themselves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from deliveries.models import Broadlog
from recipients.denylist import add_to_denylist
from recipients.models import Recipient, Service, Subscription
from recipients.subscriptions import subscribe, unsubscribe


def subscribed_services(recipient: Recipient) -> set[int]:
    return set(Subscription.objects.filter(recipient=recipient).values_list("service_id", flat=True))


@transaction.atomic
def save_preferences(*, recipient: Recipient, wanted: Collection[int], now: datetime) -> None:
    """Subscribe to the wanted services and leave the others."""
    subscribed = subscribed_services(recipient)
    for service in Service.objects.filter(pk__in=subscribed ^ set(wanted)):
        change = subscribe if service.pk in wanted else unsubscribe
        change(service=service, recipient_id=recipient.pk, origin=_("preferences page"), now=now)


def subscribe_again(*, message: Broadlog, recipient: Recipient, now: datetime) -> None:
    """Undo the unsubscription from the service of this message, if it has one."""
    service = message.delivery.service
    if service is not None:
        subscribe(service=service, recipient_id=recipient.pk, origin=_("unsubscription undone"), now=now)


def stop_everything(*, message: Broadlog, recipient: Recipient, now: datetime) -> None:
    """No longer contact the person on the channel of this message."""
    add_to_denylist(recipient_id=recipient.pk, channel=message.delivery.channel, now=now)
