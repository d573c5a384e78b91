"""Customers: the same ones at every start, on reserved domains, with the flaws that real files have."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from recipients.models import Quarantine, Recipient, RecipientList, RecipientListMember, Service, Subscription
from recipients.vocabulary import Channel, FailureReason, FailureType

BATCH = 2000
STORES = ("Lyon", "Lille", "London", "Leeds")
FIRST_NAMES = {
    "fr": "Camille Léa Chloé Manon Inès Jeanne Zoé Élodie Lucas Hugo Louis Arthur Jules Gabriel Raphaël Noé Théo Maël",
    "en": "Olivia Amelia Isla Ava Freya Grace Poppy Ella Oliver George Noah Arthur Harry Leo Jack Oscar Theo Freddie",
}
LAST_NAMES = {
    "fr": "Martin Bernard Dubois Durand Moreau Laurent Lefèvre Girard Bonnet François Müller N'Guyen d'Aubigné Le Gall",
    "en": "Smith Jones Taylor Brown Williams Wilson Davies Evans Thomas Johnson O'Brien Roberts Walker Wright Hall",
}
DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
# One customer in ten has a birthday on the day of the demo: a small demo has something to send.
BORN_TODAY = 0.10


def add_people(*, count: int, today: date, now: datetime, show: Callable[[int], None]) -> None:
    """Insert the customers in batches; `show` is told how many are in."""
    people = customers(count=count, today=today, now=now)
    done = 0
    while batch := list(islice(people, BATCH)):
        Recipient.objects.bulk_create(batch)
        done += len(batch)
        show(done)


def customers(*, count: int, today: date, now: datetime) -> Iterator[Recipient]:
    dice = random.Random(2026)
    for number in range(1, count + 1):
        yield _customer(number, today, now, dice)


def quarantine_some() -> int:
    """One address in a hundred bounced in the past."""
    addresses = Recipient.objects.exclude(email="").values_list("email", flat=True).order_by("pk")[50:100_000:100]
    rows = [
        Quarantine(
            channel=Channel.EMAIL,
            address=address.lower(),
            status=Quarantine.Status.QUARANTINED,
            error_count=1,
            failure_type=FailureType.HARD,
            failure_reason=FailureReason.USER_UNKNOWN,
            error_text="550 5.1.1 The email account that you tried to reach does not exist",
        )
        for address in addresses
    ]
    return len(Quarantine.objects.bulk_create(rows, ignore_conflicts=True))


def subscribe_some(service: Service) -> None:
    """Every third customer reads the newsletter."""
    chosen = Recipient.objects.order_by("pk").values_list("pk", "created_at")[0:150_000:3]
    Subscription.objects.bulk_create(
        (Subscription(service=service, recipient_id=pk, created_at=created_at) for pk, created_at in chosen),
        batch_size=BATCH,
    )


def fill_list(target: RecipientList, country_code: str, most: int = 5000) -> None:
    people = Recipient.objects.filter(country_code=country_code).order_by("pk").values_list("pk", flat=True)[:most]
    RecipientListMember.objects.bulk_create(
        (RecipientListMember(recipient_list=target, recipient_id=pk) for pk in people), batch_size=BATCH
    )


def _customer(number: int, today: date, now: datetime, dice: random.Random) -> Recipient:
    language = "fr" if dice.random() < 0.6 else "en"
    first = dice.choice(FIRST_NAMES[language].split())
    last = dice.choice(LAST_NAMES[language].split())
    return Recipient(
        email=_address(number, first, last, dice),
        first_name=first,
        last_name=last,
        birth_date=_birth_date(today, dice),
        language=language,
        gender=dice.choice(["male", "female", ""]),
        country_code="FR" if language == "fr" else "GB",
        mobile_phone=f"+336{dice.randrange(10**8):08d}" if language == "fr" else f"+447{dice.randrange(10**9):09d}",
        denylist_email=dice.random() < 0.02,
        attributes={"loyalty_points": dice.randrange(0, 2000), "store": dice.choice(STORES)},
        created_at=now - timedelta(days=dice.randrange(3, 1500)) if number % 60 else now,
    )


def _address(number: int, first: str, last: str, dice: random.Random) -> str:
    flaw = dice.random()
    if flaw < 0.01:
        return ""
    if flaw < 0.02:
        return f"{first.lower()}.example.com"
    # A household that shares one mailbox, written with another case.
    owner = number - 1 if flaw < 0.035 and number > 1 else number
    spelling = f"Customer{owner}" if owner != number else f"customer{owner}"
    return f"{spelling}@{DOMAINS[owner % len(DOMAINS)]}"


def _birth_date(today: date, dice: random.Random) -> date | None:
    roll = dice.random()
    if roll < 0.03:
        return None
    day = date(dice.randrange(1945, 2007), 1, 1) + timedelta(days=dice.randrange(365))
    if roll > 1 - BORN_TODAY:
        # 29 February exists in leap years only.
        year = day.year - day.year % 4 if (today.month, today.day) == (2, 29) else day.year
        return today.replace(year=year)
    return day
