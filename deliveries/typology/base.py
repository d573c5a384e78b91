"""What a typology rule is: a filtering rule drops people for one reason, a control rule finds faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q

from common.sentences import Sentence
from deliveries.channels.base import Channel
from deliveries.models import Delivery, Preparation, TypologyRule
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType

Level = TypologyRule.Level


class FilteringRule:
    """One reason for which a person gets no message. Whoever several rules would drop is dropped by the first."""

    code: ClassVar[str]
    label: ClassVar[Any]
    reason: ClassVar[FailureReason]
    failure_type: ClassVar[FailureType]
    # Rules run in this order, whatever typology names them.
    sequence: ClassVar[int]
    # Proofs go to people of the house: they keep whom the main target drops, except where nothing could be sent.
    applies_to_proofs: ClassVar[bool] = False
    # The state of the address that excludes it.
    quarantine_status: ClassVar[Quarantine.Status | None] = None
    # Of the people with one address whom no other rule drops, only the first keeps it.
    one_per_address: ClassVar[bool] = False

    def condition(self, channel: Channel) -> Q | None:
        """Whom the rule drops for what is written on the person; None when that does not matter."""
        return None


@dataclass(frozen=True)
class Finding:
    """One fault that a control rule found."""

    level: str
    message: str | Sentence


class ControlRule:
    """One check of a delivery before it may be sent."""

    code: ClassVar[str]
    label: ClassVar[Any]
    # An error forbids the delivery; a typology may raise a warning to an error or switch it off, never the reverse.
    level: ClassVar[str] = Level.ERROR
    # Checked once the people are counted, not before.
    after_targeting: ClassVar[bool] = False

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str | Sentence]:
        """What is said of each fault; a warning is logged, so it is a Sentence for readers of any language."""
        raise NotImplementedError
