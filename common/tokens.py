"""Short signed tokens for public links: a kind, two numbers and a 96-bit keyed hash.

Layout before base64url: kind (1 byte), first number (8 bytes), second number (4 bytes), blake2b-96 over all three.
Keys derive from SECRET_KEY; SECRET_KEY_FALLBACKS still verify, so links outlive a rotation.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings

PAYLOAD = struct.Struct(">BQI")
DIGEST_SIZE = 12


class InvalidToken(Exception):
    """The token is malformed or its signature is wrong."""


@dataclass(frozen=True)
class Token:
    kind: int
    row: int
    detail: int


def sign(kind: int, row: int, detail: int = 0) -> str:
    payload = PAYLOAD.pack(kind, row, detail)
    return _encode(payload + _digest(payload, _key(settings.SECRET_KEY)))


def verify(text: str, kind: int) -> Token:
    """The token's content, or InvalidToken, whatever is wrong with it."""
    raw = _decode(text)
    payload, digest = raw[: PAYLOAD.size], raw[PAYLOAD.size :]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # Every key is tried so that the time taken does not tell which one matched.
    if not any([hmac.compare_digest(digest, _digest(payload, _key(key))) for key in keys]):  # noqa: C419
        raise InvalidToken("signature")
    token = Token(*PAYLOAD.unpack(payload))
    if token.kind != kind:
        raise InvalidToken("kind")
    return token


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=32, person=b"diffusion-links").digest()


def _digest(payload: bytes, key: bytes) -> bytes:
    return blake2b(payload, key=key, digest_size=DIGEST_SIZE).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, UnicodeEncodeError):
        raise InvalidToken("encoding") from None
    # base64 ignores spare bits at the end: only the canonical spelling is a token.
    if len(raw) != PAYLOAD.size + DIGEST_SIZE or _encode(raw) != text:
        raise InvalidToken("length")
    return raw
