"""A claimed part in the hands of this process: what waits, what is on its way, what is not written yet."""

from __future__ import annotations

import logging
import os
import signal
from collections import Counter, deque
from collections.abc import Collection
from contextlib import suppress

from common.failpoints import failpoint
from deliveries.channels.base import Message, NothingToSend, OutgoingRow, Renderer, RenderingFailed
from deliveries.mta.claims import Claim
from deliveries.mta.clock import monotonic
from deliveries.mta.fates import Fate, Outcome, not_rendered, nothing_to_send
from deliveries.mta.governor import Hold
from deliveries.mta.journal import Journal

logger = logging.getLogger("diffusion.mta")
AFTER_RENDER = failpoint("after_render")


class HeldPart:
    def __init__(self, claim: Claim, renderer: Renderer, journal: Journal) -> None:
        self.key = claim.key
        self.suspect = claim.suspect
        self.delivery_id = claim.delivery_id
        self.lease_ends = claim.lease_ends
        # Who may be written to was asked then.
        self.asked_at = monotonic()
        # In the order of their numbers, not looked at yet.
        self.waiting: deque[OutgoingRow] = deque(claim.rows)
        # Those that wait for their receiver, by its name.
        self.kept: dict[str, deque[OutgoingRow]] = {}
        self.on_their_way = 0
        # Known, and not in the database yet.
        self.outcomes: list[Outcome] = []
        # How many messages met which fate under this claim.
        self.fates: Counter[Fate] = Counter()
        # No further message leaves: paused, stopped, or the sender ends.
        self.halted = False
        # Somebody else has it: nothing of it is touched any more.
        self.lost = False
        # What is left of it waits for this receiver; it is given back until then.
        self.held_by: tuple[str, Hold] | None = None
        self._attempts = claim.attempts
        self._renderer = renderer
        self._journal = journal

    @property
    def may_send(self) -> bool:
        return not (self.halted or self.lost or self.held_by) and monotonic() < self.lease_ends

    @property
    def over(self) -> bool:
        if self.on_their_way:
            return False
        return self.halted or self.lost or self.held_by is not None or not (self.waiting or self.kept)

    def attempt_of(self, broadlog_id: int) -> int:
        """Which attempt the one at hand is, from 1."""
        return self._attempts.get(broadlog_id, 0) + 1

    def keep(self, receiver: str, row: OutgoingRow) -> None:
        """It waits until its receiver takes more."""
        if receiver not in self.kept:
            self.kept[receiver] = deque()
        self.kept[receiver].append(row)

    def take_kept(self, receiver: str) -> OutgoingRow:
        """The next row of a receiver that some are kept for."""
        rows = self.kept[receiver]
        row = rows.popleft()
        if not rows:
            del self.kept[receiver]
        return row

    def untaken(self) -> list[int]:
        """The rows that no session has, in their order."""
        kept = [row.broadlog_id for rows in self.kept.values() for row in rows]
        return sorted([*kept, *(row.broadlog_id for row in self.waiting)])

    def drop(self, numbers: Collection[int]) -> list[int]:
        """Let go of these rows, except of those that a session has taken meanwhile; return which they were."""
        dropped = [number for number in self.untaken() if number in numbers]
        self.waiting = deque(row for row in self.waiting if row.broadlog_id not in numbers)
        left = {name: deque(row for row in rows if row.broadlog_id not in numbers) for name, rows in self.kept.items()}
        self.kept = {name: rows for name, rows in left.items() if rows}
        return dropped

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

    def make(self, row: OutgoingRow) -> Message | None:
        """The row's message, from now on its way; None when it can't be made, which settles it."""
        message = self._render(row)
        if AFTER_RENDER:
            AFTER_RENDER()
        if message is not None:
            self.on_their_way += 1
        return message

    def _render(self, row: OutgoingRow) -> Message | None:
        try:
            return self._renderer.render(row)
        except NothingToSend:
            self._note(nothing_to_send(row.broadlog_id, self.attempt_of(row.broadlog_id)))
        except RenderingFailed as error:
            self._note(not_rendered(row.broadlog_id, self.attempt_of(row.broadlog_id), str(error)))
        except MemoryError:
            _die_for_memory()
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


def _die_for_memory() -> None:
    """No recipient is to blame. Another process begins with memory, and the journal says where; if one message takes
    all there is each time, it is found and fails alone."""
    with suppress(MemoryError):
        logger.critical("no memory is left to make messages: the sender ends at once")
    os.kill(os.getpid(), signal.SIGKILL)
