"""Which e-mail addresses people may have: checked wherever one comes in, and kept as given."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from common.errors import Invalid

MAX_LENGTH = 254
# Punctuation and symbols beyond ASCII: no mailbox has them, mistyped and forged addresses do.
REFUSED_CATEGORIES = ("P", "S", "C")


class InvalidAddress(Invalid):
    """The text is no e-mail address that a mail server would take."""

    code = "invalid_email"


def clean_email(text: str) -> str:
    """The address without the spaces around it, otherwise as given; raises InvalidAddress."""
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in text):
        raise _invalid(text, _("it holds control characters"))
    address = text.strip(" ")
    if len(address) > MAX_LENGTH:
        raise _invalid(text, _("it is longer than %(count)d characters") % {"count": MAX_LENGTH})
    local = address.rpartition("@")[0]
    if any(ord(sign) > 127 and unicodedata.category(sign)[0] in REFUSED_CATEGORIES for sign in local):
        raise _invalid(text, _("it holds signs that no mailbox has"))
    try:
        # The reserved domain .test is for trials, and this is how the library lets it through.
        validate_email(address, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError as error:
        raise _invalid(text, str(error).rstrip(".")) from None
    return address


def _invalid(text: str, reason: str) -> InvalidAddress:
    shown = text.strip().encode("unicode_escape").decode()[:80]
    return InvalidAddress(_("%(address)s is not an e-mail address: %(reason)s.") % {"address": shown, "reason": reason})
