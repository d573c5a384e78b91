"""Mass identical failures: a provider that refuses everybody with the same words has broken, not its users."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from deliveries.channels.base import Result, SendResult
from recipients.vocabulary import FailureReason

# So many refusals with the same words over all processes, of somewhat more messages in a row, are no coincidence.
IDENTICAL_OVERALL = 40
MOST_IDENTICAL, FEWEST_IDENTICAL = 20, 8
SHARE = 0.8
# What is suspect counts again when so many messages in a row were taken.
TRUSTED_AFTER = 5
TEXT_LENGTH = 200
# What differs from one message to the next: addresses, queue numbers, dates, hosts with digits.
_VARIABLE = re.compile(r"<[^<>\s]*@[^<>\s]*>|\S+@[^\s,;:>]+|[\w.:-]*\d[\w.:-]*")
_SPACE = re.compile(r"\s+")


def normalised(text: str) -> str:
    """The words of a reply without what names one message: equal for all the refusals of one outage."""
    code, _space, rest = text.strip().partition(" ")
    words = _SPACE.sub(" ", _VARIABLE.sub("#", rest).lower()).strip()
    return f"{code} {words}"[:TEXT_LENGTH].strip()


def blames_recipient(result: SendResult) -> bool:
    """Refused for good by the receiver. A domain that does not exist is no receiver's word."""
    return result.result is Result.REFUSED and result.failure_reason != FailureReason.INVALID_DOMAIN


def identical_per_process(processes: int) -> int:
    return min(MOST_IDENTICAL, max(FEWEST_IDENTICAL, IDENTICAL_OVERALL // max(1, processes)))


@dataclass(slots=True)
class Breaker:
    """Of one receiver. `suspected`: the words under suspicion; while there are some, they fail nobody."""

    suspected: str = ""
    last: deque[str] = field(default_factory=lambda: deque(maxlen=round(MOST_IDENTICAL / SHARE)))
    _well: int = 0

    def succeeded(self) -> bool:
        """Whether what was suspected is trusted again with this success."""
        self.last.append("")
        if not self.suspected:
            return False
        self._well += 1
        if self._well < TRUSTED_AFTER:
            return False
        self.suspected = ""
        return True

    def failed(self, text: str, *, identical: int) -> bool:
        """Whether this failure is suspect: no fault of its recipient."""
        words = normalised(text)
        if words == self.suspected:
            self._well = 0
            return True
        self.last.append(words)
        latest = islice(reversed(self.last), round(identical / SHARE))
        if sum(1 for other in latest if other == words) < identical:
            return False
        self.suspected, self._well = words, 0
        self.last.clear()
        return True
