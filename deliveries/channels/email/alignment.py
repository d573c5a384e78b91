"""Whether receivers will find a mail signed, or returned, in the name of its sender's domain (DMARC, RFC 7489 §3.1).

Alignment is relaxed: the organisational domains have to be equal, each the public suffix and one label more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from publicsuffixlist import PublicSuffixList

from deliveries.channels.email.addresses import ascii_domain
from deliveries.channels.email.return_domain import return_domain
from deliveries.endpoints import is_direct
from deliveries.models import Delivery, Route, SigningKey


@dataclass(frozen=True, slots=True)
class Alignment:
    """What is known of a delivery's mails before they leave."""

    # The domain of the sender address.
    sender: str
    # That of the envelope sender, which SPF is asked for.
    envelope: str
    # Other domains whose DKIM keys sign here.
    other_keys: tuple[str, ...]
    # Keys of the sender's organisation sign here.
    signed: bool
    # It is certain that nothing vouches for the sender.
    fails: bool
    # Nobody signs, or whoever does is not known here.
    doubtful: bool


def alignment_of(delivery: Delivery) -> Alignment | None:
    """None for a sender address without a domain, which is another fault.

    Unsigned mails are no fault as long as nothing is signed here at all: the relay does it then, with a key of its own.
    """
    sender = sender_domain(delivery.from_email)
    if not sender:
        return None
    envelope = return_domain() or sender
    keys = set(SigningKey.objects.filter(active=True).values_list("domain", flat=True))
    signer = _signer(sender, keys)
    signed, returned = bool(signer) and is_aligned(sender, signer), is_aligned(sender, envelope)
    other_keys = tuple(sorted(keys - {signer} if signed else keys))
    left_alone = not signed and (bool(other_keys) or _leaves_direct(delivery))
    return Alignment(
        sender=sender,
        envelope=envelope,
        other_keys=other_keys,
        signed=signed,
        fails=left_alone and not returned,
        doubtful=not signed and left_alone == returned,
    )


def sender_domain(address: str) -> str:
    """The domain of an address in lower-case A-labels; "" when it has none."""
    try:
        return ascii_domain(address.strip().rpartition("@")[2].lower())
    except ValueError:
        return ""


def is_aligned(sender: str, other: str) -> bool:
    return organisational_domain(sender) == organisational_domain(other)


def organisational_domain(domain: str) -> str:
    """The part of a domain that one organisation has registered; of a public suffix, itself."""
    name = domain.lower().rstrip(".")
    return str(_suffixes().privatesuffix(name) or name)


@cache
def _suffixes() -> PublicSuffixList:
    # A tenth of a second to read: only who asks pays for it.
    return PublicSuffixList()


def _signer(sender: str, keys: Collection[str]) -> str:
    """The domain whose keys sign: the sender's own or its nearest parent, as `signer_for` chooses; "" for none."""
    labels = sender.split(".")
    names = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((name for name in names if name in keys), "")


def _leaves_direct(delivery: Delivery) -> bool:
    """Whether no relay is on the way. The default route is not made for the question."""
    default = Route.objects.filter(channel=delivery.channel, is_default=True)
    route = delivery.route or default.first()
    return route is not None and is_direct(route)
