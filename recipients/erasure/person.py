"""The person to erase, as everybody who keeps something of them must know them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.errors import Invalid
from recipients.models import Recipient
from recipients.search import by_address


class UnknownPerson(Invalid):
    """Nobody has this number or address, or several have."""

    code = "unknown_person"


@dataclass(frozen=True)
class Person:
    """`email` and `mobile_phone` are empty when somebody else has the same: it stays theirs."""

    id: int
    email: str
    mobile_phone: str
    name: str

    @classmethod
    def of(cls, recipient: Recipient) -> Person:
        others = Recipient.objects.exclude(pk=recipient.pk)
        email, phone = recipient.email.strip(), recipient.mobile_phone.strip()
        shares_email = email and by_address(email).exclude(pk=recipient.pk).exists()
        shares_phone = phone and others.filter(mobile_phone=phone).exists()
        first, last = recipient.first_name.strip(), recipient.last_name.strip()
        return cls(
            id=recipient.pk,
            email="" if shares_email else email,
            mobile_phone="" if shares_phone else phone,
            name=f"{first} {last}" if first and last else "",
        )

    @property
    def texts(self) -> list[str]:
        """What names them wherever it is written."""
        return [text for text in (self.email, self.mobile_phone, self.name) if text]


def find_person(text: str) -> Recipient:
    """The recipient with this number or e-mail address. Raises UnknownPerson."""
    rows = Recipient.objects.filter(pk=int(text)) if text.isdecimal() else by_address(text)
    found = list(rows[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownPerson(_("Several people have the address %(text)s: give a number.") % {"text": text})
    raise UnknownPerson(_("There is no recipient %(text)s.") % {"text": text})
