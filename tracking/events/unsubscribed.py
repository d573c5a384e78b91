"""Unsubscription: from the delivery's service, else from the channel altogether."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from deliveries.inbound.handlers import unsubscription_handlers
from deliveries.models import Broadlog, TrackedUrl
from recipients.denylist import add_to_denylist
from recipients.models import Recipient
from recipients.subscriptions import unsubscribe
from tracking.intake import record_hit
from tracking.messages import recipient_of, url_of
from tracking.models import HitKind
from tracking.robots import Visitor


@transaction.atomic
def unsubscribe_from(*, message: Broadlog, visitor: Visitor, now: datetime) -> bool:
    """Act and keep the hit, both or neither; False when there was nothing left to do. Repeatable."""
    link = url_of(message, kind=TrackedUrl.Kind.UNSUBSCRIBE)
    record_hit(message=message, kind=HitKind.UNSUBSCRIBE, visitor=visitor, now=now, tracked_url=link)
    recipient = recipient_of(message)
    return recipient is not None and _act(message, recipient, now)


def _act(message: Broadlog, recipient: Recipient, now: datetime) -> bool:
    service = message.delivery.service
    if service is None:
        return add_to_denylist(recipient_id=recipient.pk, channel=message.delivery.channel, now=now)
    origin = _("delivery %(label)s") % {"label": message.delivery.label}
    return unsubscribe(service=service, recipient_id=recipient.pk, origin=origin, now=now)


def unsubscribe_by_mail(*, broadlog_id: int, now: datetime) -> None:
    """What the link does, asked by a mail; a message that is gone asks for nothing."""
    rows = Broadlog.objects.select_related("delivery__service", "preparation__content_version")
    message = rows.filter(pk=broadlog_id).first()
    if message is not None:
        unsubscribe_from(message=message, visitor=Visitor(user_agent=""), now=now)


unsubscription_handlers.add("tracking", unsubscribe_by_mail)
