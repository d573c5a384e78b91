"""Erasing one person: every app forgets its own, the counts of old deliveries stay, a keyed hash keeps them away."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import IllegalState
from common.registry import Registry
from recipients.erasure.person import Person
from recipients.erasure.suppression import suppression_hash
from recipients.models import Erasure, Recipient


class Eraser(Protocol):
    def __call__(self, person: Person, *, now: datetime) -> int:
        """Forget the person; return in how many rows or files."""
        ...


erasers: Registry[Eraser] = Registry("erasers")


class AlreadyErased(IllegalState):
    """Nothing is kept of this person any more."""


@transaction.atomic
def erase_recipient(recipient: Recipient, *, now: datetime) -> dict[str, int]:
    """Erase the person wherever something is kept of them; return app → rows. Raises AlreadyErased.

    It can't be undone. The row stays, empty and denylisted, so that logs and counts still add up.
    """
    locked = Recipient.objects.select_for_update().get(pk=recipient.pk)
    if Erasure.objects.filter(recipient_id=locked.pk).exists():
        raise AlreadyErased(_("This person was erased already."))
    person = Person.of(locked)
    mark = suppression_hash(person.email, person.mobile_phone)
    Erasure.objects.create(recipient_id=locked.pk, hash=mark, erased_at=now)
    # Downstream first: they find the person by what the apps upstream still know.
    rows = {code: eraser(person, now=now) for code, eraser in reversed(erasers.items())}
    cache.clear()
    recipient.refresh_from_db()
    return rows


def is_erased(recipient: Recipient) -> bool:
    return Erasure.objects.filter(recipient_id=recipient.pk).exists()
