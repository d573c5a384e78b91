"""Addresses of erased people, kept as keyed hashes only: whoever was erased is not brought back by the next import."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from recipients.models import Erasure

ERASED = _("This person was erased and must not be brought back.")


def suppression_hash(email: str, mobile_phone: str = "") -> str:
    """What is kept of the address, or of the phone number of a person without one; "" of neither."""
    return _hash(email, mobile_phone, settings.SECRET_KEY)


def suppressed(people: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these pairs (e-mail address, mobile phone) belong to somebody who was erased; one query."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    pairs = {_hash(*pair, secret): pair for pair in people for secret in keys}
    pairs.pop("", None)
    found = Erasure.objects.filter(hash__in=sorted(pairs)).values_list("hash", flat=True)
    return {pairs[each] for each in found}


def _hash(email: str, mobile_phone: str, secret: str) -> str:
    address = email.strip().lower() or mobile_phone.strip()
    return blake2b(address.encode(), key=_key(secret), digest_size=32).hexdigest() if address else ""


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=32, person=b"diffusion-erased").digest()
