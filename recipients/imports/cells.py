"""What a cell says, for each field that an import can fill."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from recipients.addresses import clean_email
from recipients.models import Recipient

FRENCH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
PHONE = re.compile(r"\+?[0-9 ().\-/]{3,30}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,4})?")
TRUE = ("1", "true", "yes", "oui", "vrai", "x")
FALSE = ("0", "false", "no", "non", "faux")
GENDERS = {
    "m": "male",
    "h": "male",
    "male": "male",
    "homme": "male",
    "f": "female",
    "female": "female",
    "femme": "female",
}


class BadCell(ValueError):
    """The cell can't be read as the field; the message says why."""


def _text(limit: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > limit:
            raise BadCell(_("longer than %(count)d characters") % {"count": limit})
        return text

    return read


def _matching(pattern: re.Pattern[str], convert: Callable[[str], str] = str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise BadCell(_("“%(value)s” can't be used here") % {"value": text[:40]})
        return convert(text)

    return read


def _date(text: str) -> date:
    """A day as 1990-12-31 or 31/12/1990."""
    french = FRENCH_DATE.fullmatch(text)
    try:
        if french:
            return date(int(french[3]), int(french[2]), int(french[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise BadCell(_("“%(value)s” is not a date") % {"value": text[:40]}) from None


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in (*TRUE, *FALSE):
        raise BadCell(_("“%(value)s” is neither yes nor no") % {"value": text[:40]})
    return word in TRUE


def _gender(text: str) -> str:
    try:
        return GENDERS[text.lower()]
    except KeyError:
        raise BadCell(_("“%(value)s” is neither male nor female") % {"value": text[:40]}) from None


READERS: dict[str, Callable[[str], Any]] = {
    "email": clean_email,
    "first_name": _text(200),
    "last_name": _text(200),
    "mobile_phone": _matching(PHONE),
    "birth_date": _date,
    "language": _matching(LANGUAGE),
    "gender": _gender,
    "country_code": _matching(re.compile("[A-Za-z]{2}"), str.upper),
    **{field.name: _boolean for field in Recipient._meta.concrete_fields if field.name.startswith("denylist_")},
}
read_attribute = _text(10_000)
