"""A claimed part in the hands of this process: what waits, what is on its way, what is not written yet."""

from __future__ import annotations

import logging
from collections import Counter, deque

from deliveries.channels.base import Message, NothingToSend, OutgoingRow, Renderer, RenderingFailed
from deliveries.mta.claims import Claim
from deliveries.mta.clock import monotonic
from deliveries.mta.fates import Fate, Outcome, not_rendered, nothing_to_send
from deliveries.mta.journal import Journal

logger = logging.getLogger("diffusion.mta")


class HeldPart:
    def __init__(self, claim: Claim, renderer: Renderer, journal: Journal) -> None:
        self.key = claim.key
        self.delivery_id = claim.delivery_id
        self.lease_ends = claim.lease_ends
        self.waiting: deque[OutgoingRow] = deque(claim.rows)
        self.on_their_way = 0
        # Known, and not in the database yet.
        self.outcomes: list[Outcome] = []
        # How many messages met which fate under this claim.
        self.fates: Counter[Fate] = Counter()
        # No further message leaves: paused, stopped, or the sender ends.
        self.halted = False
        # Somebody else has it: nothing of it is touched any more.
        self.lost = False
        self._attempts = claim.attempts
        self._renderer = renderer
        self._journal = journal

    @property
    def may_send(self) -> bool:
        return not (self.halted or self.lost) and monotonic() < self.lease_ends

    @property
    def over(self) -> bool:
        return not self.on_their_way and (self.halted or self.lost or not self.waiting)

    def attempt_of(self, broadlog_id: int) -> int:
        """Which attempt the one at hand is, from 1."""
        return self._attempts.get(broadlog_id, 0) + 1

    def take(self) -> tuple[OutgoingRow, Message] | None:
        """The next message that can be made; rows that can't are settled on the way."""
        while self.waiting:
            row = self.waiting.popleft()
            message = self._render(row)
            if message is not None:
                self.on_their_way += 1
                return row, message
        return None

    def put_back(self, row: OutgoingRow) -> None:
        """Taken, and nothing happened to it."""
        self.on_their_way -= 1
        self.waiting.append(row)

    def settle(self, outcome: Outcome) -> None:
        """What became of a message that was taken."""
        self.on_their_way -= 1
        self._note(outcome)

    def take_outcomes(self) -> list[Outcome]:
        outcomes, self.outcomes = self.outcomes, []
        return outcomes

    def _render(self, row: OutgoingRow) -> Message | None:
        try:
            return self._renderer.render(row)
        except NothingToSend:
            self._note(nothing_to_send(row.broadlog_id, self.attempt_of(row.broadlog_id)))
        except RenderingFailed as error:
            self._note(not_rendered(row.broadlog_id, self.attempt_of(row.broadlog_id), str(error)))
        except Exception as error:
            # One recipient's data must not stop the others, whatever it does to the renderer.
            logger.exception("message %s could not be made", row.broadlog_id)
            detail = f"{type(error).__name__}: {error}"
            self._note(not_rendered(row.broadlog_id, self.attempt_of(row.broadlog_id), detail))
        return None

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.fates[outcome.fate] += 1
        self._journal.record(self.key, outcome)
