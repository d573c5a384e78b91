"""How fast each receiver may be sent to. The lane asks before it takes a message; nothing here waits.

Allowances are global over all processes: a governor leases small amounts of them in `refresh`, which the sender calls
in its database thread, and spends what it leased without asking anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deliveries.channels.base import SendResult


@dataclass(frozen=True, slots=True)
class Hold:
    """A receiver gets nothing for now. `seconds` from now; `until` for people, None until somebody decides."""

    seconds: float
    until: datetime | None
    reason: str


class Governor(Protocol):
    """The limits of one route and affinity, in one sender process. Receivers are group names or bare domains."""

    def receiver_of(self, domain: str) -> str:
        """Whose limits this domain shares; "" when nothing limits it now (then `take` and `hold` are not asked).

        The answer changes with what receivers teach: it is asked again at each take, and costs one look-up.
        """

    def connections(self, receiver: str) -> int | None:
        """How many sessions of this process may serve it at once; None: as many as the route has."""

    def messages_per_connection(self, receiver: str) -> int | None: ...

    def take(self, receiver: str) -> bool:
        """Spend the allowance of one message; False when there is none now: see `hold`."""

    def give_back(self, receiver: str) -> None:
        """The message that was taken did not leave."""

    def hold(self, receiver: str) -> Hold | None:
        """Why it gets nothing now, or None."""

    def note(self, receiver: str, result: SendResult) -> SendResult:
        """What became of a message or of a connection; answers what counts: a failure may turn into a deferral.

        `receiver` is never empty: where `receiver_of` answered "", it is the domain.
        """

    def refresh(self, waiting: Mapping[str, int], now: datetime, sessions: Mapping[str, int] | None = None) -> None:
        """Lease what the waiting messages need, tell what was noted; about twice a second while anything waits.

        `waiting` and `sessions` count this process's messages and open sessions by receiver; `now` is the database's.
        Uses the database: not in the event loop.
        """

    def close(self, now: datetime) -> None:
        """Give back what was leased and not spent. Uses the database."""
