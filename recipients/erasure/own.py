"""What this app and the installation keep of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from installation.models import AuditEntry, IdempotencyKey, SavedView
from recipients.denylist import COLUMNS
from recipients.erasure.erase import erasers
from recipients.erasure.mentions import erase_mentions
from recipients.erasure.person import Person
from recipients.models import (
    Quarantine,
    Recipient,
    RecipientListMember,
    SavedFilter,
    Subscription,
    SubscriptionEvent,
)
from recipients.quarantine import address_key
from recipients.vocabulary import Channel

EMPTY: dict[str, Any] = {
    **dict.fromkeys(("email", "first_name", "last_name", "mobile_phone", "language", "gender", "country_code"), ""),
    "birth_date": None,
    "attributes": {},
    **dict.fromkeys(COLUMNS.values(), True),
}
_MEMBERSHIPS: tuple[type[Model], ...] = (RecipientListMember, Subscription, SubscriptionEvent)


@erasers.register("recipients")
def erase(person: Person, *, now: datetime) -> int:
    rows = sum(model._default_manager.filter(recipient=person.id).delete()[0] for model in _MEMBERSHIPS)
    addresses = [address_key(Channel.EMAIL, person.email), person.mobile_phone]
    rows += Quarantine.objects.filter(address__in=[address for address in addresses if address]).delete()[0]
    rows += erase_mentions(Quarantine.objects.all(), person, "error_text")
    rows += erase_mentions(SavedFilter.objects.all(), person, "label", "description", "filter", "parameters")
    rows += _erase_traces(person)
    return rows + Recipient.objects.filter(pk=person.id).update(updated_at=now, **EMPTY)


def _erase_traces(person: Person) -> int:
    """What people did to this person is kept, what it said is not."""
    own = AuditEntry.objects.filter(model=Recipient._meta.label_lower, object_id=person.id)
    rows = own.update(detail={}, reason="")
    rows += erase_mentions(AuditEntry.objects.all(), person, "detail", "reason")
    rows += erase_mentions(IdempotencyKey.objects.all(), person, "key", "body")
    rows += erase_mentions(SavedView.objects.all(), person, "label", "query")
    history = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Recipient), object_id=str(person.id)
    )
    rows += history.update(object_repr=f"#{person.id}", change_message="")
    return rows + erase_mentions(LogEntry.objects.all(), person, "object_repr", "change_message")
