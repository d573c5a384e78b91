"""One session's outbox: it knows what the session took, and lets go of it however the session ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.channels.base import Message, Result, SendResult
from deliveries.mta.fates import Outcome, in_doubt, outcome_of
from deliveries.mta.receivers import Taken

if TYPE_CHECKING:
    from deliveries.mta.lane import Lane

_UNSENT = Result.UNSENT


class Hands:
    def __init__(self, lane: Lane, session: int, destination: str = "") -> None:
        self.destination = destination
        self.session = session
        # How many messages it has had, for those who wait for their turn.
        self.served = 0
        self.idle = False
        self._lane = lane
        self._taken: dict[int, Taken] = {}

    @property
    def ending(self) -> bool:
        return self._lane.ends_for(self)

    def take(self) -> Message | None:
        return self._hold(self._lane.take(self))

    async def next(self) -> Message | None:
        return self._hold(await self._lane.next(self))

    def allowance(self) -> int | None:
        return self._lane.allowance(self)

    def _hold(self, taken: Taken | None) -> Message | None:
        if taken is None:
            return None
        self.served += 1
        self._taken[taken.row.broadlog_id] = taken
        return taken.message

    def intend(self, message: Message, session: int) -> bool:
        taken = self._taken[message.broadlog_id]
        intended = taken.part.may_send and self._lane.open and self._journalled(taken, session)
        taken.intended, taken.refused = intended, not intended
        return intended

    def record(self, message: Message, result: SendResult, session: int) -> None:
        number = message.broadlog_id
        taken = self._taken.pop(number)
        counted = self._lane.note(taken, result)
        if counted.result is _UNSENT and self._is_ours(taken, counted):
            self._put_back(taken)
            return
        if taken.receiver:
            self._lane.receivers.release(taken, self.session, unused=not taken.intended)
        self._settle(taken, outcome_of(number, taken.part.attempt_of(number), counted))

    def let_go(self) -> None:
        """What a session leaves behind when it fails: in doubt if the dot may have left, else as if never taken."""
        rest, self._taken = list(self._taken.values()), {}
        for taken in rest:
            if taken.intended:
                number = taken.row.broadlog_id
                self._lane.receivers.release(taken, self.session, unused=False)
                self._settle(taken, in_doubt(number, taken.part.attempt_of(number)))
            else:
                self._put_back(taken)

    def _journalled(self, taken: Taken, session: int) -> bool:
        number = taken.row.broadlog_id
        try:
            self._lane.journal.intend(taken.part.key, number, taken.part.attempt_of(number), session)
        except OSError:
            self._lane.stop_recording()
            return False
        return True

    def _settle(self, taken: Taken, outcome: Outcome) -> None:
        taken.part.settle(outcome)
        self._lane.journal_soon()
        if taken.part.over:
            self._lane.wake()

    def _is_ours(self, taken: Taken, result: SendResult) -> bool:
        """Not sent through nobody's fault but ours: nothing happened to the message."""
        ours = taken.refused or not taken.part.may_send or self._lane.ending
        return ours or bool(result.route_fault or result.receiver_fault)

    def _put_back(self, taken: Taken) -> None:
        self._lane.receivers.release(taken, self.session, unused=True)
        taken.part.put_back(taken.row)
        if taken.part.over:
            self._lane.wake()
        elif self._lane.open and taken.part.may_send:
            self._lane.announce()
