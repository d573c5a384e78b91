"""Passwords and keys that the database keeps encrypted. They outlive a rotation of SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class WrongKey(Exception):
    """The text was encrypted with a SECRET_KEY that is neither the present one nor a former one."""


def encrypt(text: str, *, purpose: str) -> str:
    """`purpose` (at most 16 characters) gives each kind of secret a key of its own; an empty text stays empty."""
    return _keys(purpose).encrypt(text.encode()).decode() if text else ""


def decrypt(encrypted: str, *, purpose: str) -> str:
    """The text, or WrongKey."""
    if not encrypted:
        return ""
    try:
        return _keys(purpose).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise WrongKey(purpose) from None


def _keys(purpose: str) -> MultiFernet:
    return MultiFernet([_key(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str, purpose: str) -> Fernet:
    digest = hashlib.blake2b(secret.encode(), digest_size=32, person=purpose.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
