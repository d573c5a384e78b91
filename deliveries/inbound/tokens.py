"""Which message a mail speaks of. Only a token that we signed says so: the rest of a mail is whatever its author liked.

An address or a name that the mail mentions chooses nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from deliveries.channels.email.addresses import (
    broadlog_of_bounce,
    broadlog_of_message_id,
    broadlog_of_unsubscription,
)
from deliveries.inbound.reading.verdict import Kind, Reading

# Whoever wrote the mail may fill it with addresses; we check no more signatures than this.
MOST_TOKENS = 50
_Reader = Callable[[str], int | None]
_OF_A_REPORT: tuple[_Reader, ...] = (broadlog_of_bounce, broadlog_of_message_id)
_BY_KIND: dict[Kind, tuple[_Reader, ...]] = {
    Kind.UNSUBSCRIPTION: (broadlog_of_unsubscription, broadlog_of_bounce, broadlog_of_message_id),
    # Providers remove the recipient's address, and leave the headers by which one unsubscribes.
    Kind.COMPLAINT: (*_OF_A_REPORT, broadlog_of_unsubscription),
}


def broadlog_of(reading: Reading) -> int | None:
    """The broadlog that the mail names by a valid token of ours: the first that there is, never two."""
    texts = [*reading.tokens, reading.original_message_id][:MOST_TOKENS]
    for read in _BY_KIND.get(reading.kind, _OF_A_REPORT):
        for text in texts:
            number = read(text)
            if number is not None:
                return number
    return None
