"""E-mail addresses: which can be one, how they are written on the wire, and those that we derive from a broadlog."""

from __future__ import annotations

import re
from functools import lru_cache

import idna
from django.utils.translation import gettext as _

from common.tokens import InvalidToken, signer, verify_hex
from recipients.addresses import InvalidAddress, clean_email
from recipients.plausible import ATOM, LABEL, MAXIMUM_LOCAL_PART, PLAUSIBLE

# Kinds of tokens; those of links are in `deliveries/content/links.py`.
BOUNCE, MESSAGE, UNSUBSCRIPTION = 6, 7, 8

_PLAUSIBLE = re.compile(PLAUSIBLE)
_LOCAL_PART = re.compile(rf"{ATOM}(\.{ATOM})*")
_DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})+")
MAXIMUM_LENGTH = 254


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
    """The rule that the analysis reads from the recipient's column, in Python."""
    local_part = address.strip(" ").partition("@")[0]
    fits = len(address.strip(" ")) <= MAXIMUM_LENGTH and len(local_part.encode()) <= MAXIMUM_LOCAL_PART
    return fits and _PLAUSIBLE.match(address) is not None


def wire_address(address: str) -> str:
    """The address with its domain as A-labels; ValueError when it can't be one. Nothing else is altered."""
    trimmed = address.strip(" ")
    local_part, _at, domain = trimmed.rpartition("@")
    # The rule of `is_plausible` in two halves, because a few domains receive most of the mail.
    fits = len(trimmed) <= MAXIMUM_LENGTH and len(local_part.encode()) <= MAXIMUM_LOCAL_PART
    written = wire_domain(domain) if fits and _LOCAL_PART.fullmatch(local_part) else None
    if written is None:
        raise ValueError(_("%(address)s can't be an e-mail address.") % {"address": trimmed})
    return trimmed if written == domain else f"{local_part}@{written}"


@lru_cache(maxsize=4096)
def wire_domain(domain: str) -> str | None:
    """The domain as A-labels, None when its letters can't be a domain's; ValueError when IDNA refuses it."""
    return ascii_domain(domain) if _DOMAIN.fullmatch(domain) else None


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


def unsubscription_address(broadlog_id: int, domain: str) -> str:
    """Where a mail asks for what the unsubscription link does."""
    return f"u+{_opaque(UNSUBSCRIPTION, broadlog_id)}@{domain}"


def message_id(broadlog_id: int, domain: str) -> str:
    """Equal on every attempt, says nothing about the recipient."""
    return f"<{_opaque(MESSAGE, broadlog_id)}@{domain}>"


def broadlog_of_bounce(address: str) -> int | None:
    """The broadlog that a bounce address names; None for any other address and for a forged one."""
    return _row_named(re.match(r"\s*<?b\+([0-9a-f]+)@", address, re.IGNORECASE), BOUNCE)


def broadlog_of_unsubscription(address: str) -> int | None:
    """The broadlog that an unsubscription address names; None for any other address and for a forged one."""
    return _row_named(re.match(r"\s*<?u\+([0-9a-f]+)@", address, re.IGNORECASE), UNSUBSCRIPTION)


def broadlog_of_message_id(text: str) -> int | None:
    """The broadlog that a Message-ID names, with or without its angle brackets; None for one that is not ours."""
    return _row_named(re.match(r"\s*<?([0-9a-f]+)@", text, re.IGNORECASE), MESSAGE)


def _row_named(found: re.Match[str] | None, kind: int) -> int | None:
    try:
        return None if found is None else verify_hex(found.group(1), kind).row
    except InvalidToken:
        return None


def _opaque(kind: int, broadlog_id: int) -> str:
    # Hexadecimal: relays may change the case of a local part.
    return signer([], [kind])(broadlog_id)[0].decode()
