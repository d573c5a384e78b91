"""One action, one effect: the answer to a request with a key is kept, and given again when the key comes again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.errors import Conflict, Refused
from installation.models import IdempotencyKey

KEPT_FOR = timedelta(days=1)
# A request without an answer after this long died on the way: its key may be used again.
ABANDONED_AFTER = timedelta(minutes=5)
MAXIMUM_LENGTH = 200


class IdempotencyMismatch(Refused):
    """The key was used for another request."""

    code = "idempotency_mismatch"


class IdempotencyInProgress(Conflict):
    """The first request with this key has not been answered yet."""

    code = "idempotency_in_progress"


class InvalidIdempotencyKey(Refused):
    code = "invalid_idempotency_key"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


def begin(*, user_id: int, key: str, fingerprint: str, now: datetime) -> Answer | None:
    """Take the key, or return the answer that it was given before.

    Raises IdempotencyMismatch when the key belongs to another request, IdempotencyInProgress while it is at work.
    """
    if len(key) > MAXIMUM_LENGTH:
        raise InvalidIdempotencyKey(
            _("An idempotency key has at most %(count)d characters.") % {"count": MAXIMUM_LENGTH}
        )
    _forget_old(user_id, key, now)
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(user_id=user_id, key=key, fingerprint=fingerprint, created_at=now)
    except IntegrityError:
        return _former_answer(user_id, key, fingerprint)
    return None


def finish(*, user_id: int, key: str, answer: Answer) -> None:
    """Keep the answer for whoever comes again with the key."""
    IdempotencyKey.objects.filter(user_id=user_id, key=key, status=None).update(status=answer.status, body=answer.body)


def abandon(*, user_id: int, key: str) -> None:
    """Give the key back: the request had no answer worth keeping."""
    IdempotencyKey.objects.filter(user_id=user_id, key=key, status=None).delete()


def _forget_old(user_id: int, key: str, now: datetime) -> None:
    keys = IdempotencyKey.objects.filter(user_id=user_id)
    keys.filter(created_at__lt=now - KEPT_FOR).delete()
    keys.filter(key=key, status=None, created_at__lt=now - ABANDONED_AFTER).delete()


def _former_answer(user_id: int, key: str, fingerprint: str) -> Answer:
    row = IdempotencyKey.objects.filter(user_id=user_id, key=key).first()
    if row is not None and row.fingerprint != fingerprint:
        raise IdempotencyMismatch(_("This idempotency key was used for another request."))
    if row is None or row.status is None:
        raise IdempotencyInProgress(_("The first request with this idempotency key has not been answered yet."))
    return Answer(row.status, row.body)
