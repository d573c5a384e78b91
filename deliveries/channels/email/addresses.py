"""E-mail addresses: which can be one, how they are written on the wire, and the two that we derive from a broadlog."""

from __future__ import annotations

import base64
import re
from functools import lru_cache

import idna
from django.utils.translation import gettext as _

from common.tokens import InvalidToken, sign, verify
from recipients.addresses import InvalidAddress, clean_email

BOUNCE, MESSAGE = 6, 7

# Letters beyond ASCII, without separators, controls and surrogates; the same ranges in Python and PostgreSQL.
_BEYOND = "\u00a1-\u1fff\u2c00-\u2fef\u3005-\ud7ff\uf900-\ufeef\U00010000-\U0010ffff"
_ATOM = f"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_BEYOND}-]+"
_ALNUM = f"[A-Za-z0-9{_BEYOND}]"
_LABEL = f"{_ALNUM}([A-Za-z0-9{_BEYOND}-]*{_ALNUM})?"
# Spaces around the address are the import's, not the address's: they are trimmed before it is used.
PLAUSIBLE = rf"^ *{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+ *\Z"
_PLAUSIBLE = re.compile(PLAUSIBLE)
MAXIMUM_LENGTH = 254
MAXIMUM_LOCAL_PART = 64


def check_address(address: str) -> str:
    """The address in its stored form, or ValueError with a sentence."""
    try:
        stored = clean_email(address)
    except InvalidAddress as error:
        raise ValueError(str(error)) from None
    if not is_plausible(stored):
        raise ValueError(_("%(address)s can't be an e-mail address.") % {"address": stored})
    return stored


def is_plausible(address: str) -> bool:
    """The rule that the analysis applies in SQL, in Python."""
    local_part = address.strip(" ").partition("@")[0]
    fits = len(address.strip(" ")) <= MAXIMUM_LENGTH and len(local_part.encode()) <= MAXIMUM_LOCAL_PART
    return fits and _PLAUSIBLE.match(address) is not None


def wire_address(address: str) -> str:
    """The address with its domain as A-labels; ValueError when it can't be one. Nothing else is altered."""
    trimmed = address.strip(" ")
    if not is_plausible(trimmed):
        raise ValueError(_("%(address)s can't be an e-mail address.") % {"address": trimmed})
    local_part, _at, domain = trimmed.rpartition("@")
    return f"{local_part}@{ascii_domain(domain)}"


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(_("%(domain)s can't be a domain: %(error)s") % {"domain": domain, "error": error}) from None


def bounce_address(broadlog_id: int, domain: str) -> str:
    """The envelope sender of one message, equal on every attempt: a bounce to it names its broadlog."""
    return f"b+{_opaque(BOUNCE, broadlog_id)}@{domain}"


def broadlog_of_bounce(address: str) -> int | None:
    """The broadlog that a bounce address names; None for any other address and for a forged one."""
    found = re.match(r"b\+([a-z2-7]{1,60})@", address.strip().lower())
    if found is None:
        return None
    text = found.group(1).upper()
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
        return verify(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), BOUNCE).row
    except (InvalidToken, ValueError):
        return None


def message_id(broadlog_id: int, domain: str) -> str:
    """Equal on every attempt, says nothing about the recipient."""
    return f"<{_opaque(MESSAGE, broadlog_id)}@{domain}>"


def _opaque(kind: int, broadlog_id: int) -> str:
    # Base 32 in lower case: relays may change the case of a local part.
    raw = base64.urlsafe_b64decode(sign(kind, broadlog_id) + "==")
    return base64.b32encode(raw).rstrip(b"=").decode().lower()
