"""One sender process: an event loop for its whole life, and one thread that talks to the database.

The loop looks, in turn: what must stop, what can be written, what is due. Messages flow meanwhile between the parts it
holds and the sessions of their routes. Nothing between a claim and its outcomes waits for the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection
from django.utils import timezone

from common.failpoints import failpoint
from deliveries.channels.base import Renderer
from deliveries.channels.registry import channels
from deliveries.lifecycle import settle_due, start_due_deliveries
from deliveries.models import ContentVersion, Delivery, Route
from deliveries.mta.claims import (
    EVERYTHING,
    SENDING,
    Claim,
    LaneKey,
    Reads,
    claim_part,
    is_paused,
    lease_end,
    open_rows,
)
from deliveries.mta.clock import database_now, monotonic
from deliveries.mta.doorbell import Doorbell, ring
from deliveries.mta.fates import Fate
from deliveries.mta.governor import Governor
from deliveries.mta.held import HeldPart
from deliveries.mta.journal import Journal, journal_folder
from deliveries.mta.lane import Lane, settings_of
from deliveries.mta.opt_outs import stopped_among
from deliveries.mta.outcomes import LeaseLost, close_part, renew_leases, write_ignored, write_outcomes
from deliveries.mta.recovery import give_back_strays, recover
from deliveries.mta.throttling import governor_for
from deliveries.routes import pause_route
from installation.models import Process
from installation.processes import beat, register_process, withdraw
from recipients.vocabulary import FailureReason

logger = logging.getLogger("diffusion.mta")
R = TypeVar("R")
POLL_SECONDS, WRITE_SECONDS, HEARTBEAT_SECONDS, RECOVERY_SECONDS, LIMITS_SECONDS = 1.0, 0.5, 5.0, 30.0, 0.4
# Every so many claims takes what has been due for longest, whatever its priority.
OLDEST_EVERY = 8
# Who may be written to is asked at the claim, and again when messages still wait so long after it.
ASK_AGAIN_SECONDS = 20.0
# How long the loop sleeps when nothing wakes it.
TICK_SECONDS = 0.1
# Emptied between two parts when it has grown to this: then all it says is in the database.
JOURNAL_LIMIT = 64 * 1024 * 1024
RENDERERS_KEPT = 16
CANCEL_SECONDS = 10.0
AFTER_CLAIM = failpoint("after_claim")


class Sender:
    """`executor` runs the database's work, one thing at a time."""

    def __init__(self, *, name: str, affinities: Iterable[str] = (), executor: Executor) -> None:
        self.name = name
        self.affinities = frozenset(affinities)
        self.executor = executor
        self.journal = Journal(journal_folder())
        self.lanes: dict[LaneKey, Lane] = {}
        self.process: Process | None = None
        self.ending = False
        self.restart_requested = False
        # False while the database is away.
        self.recording = True
        self._progressed = False
        # The busy routes beside which nothing was due at the last look.
        self._nothing_beside: frozenset[LaneKey] = frozenset()
        self._claims = 0
        self._due_at: dict[str, float] = {}
        self._renderers: OrderedDict[tuple[int, int], Renderer] = OrderedDict()
        self._wake = asyncio.Event()
        self.doorbell = Doorbell(self._rung)

    async def run(self) -> None:
        """Send until `stop`; ends with everything written, given back and said goodbye."""
        try:
            while not self.ending:
                await self._turn()
                await self._sleep()
            await self._drain()
        finally:
            await self._leave()

    def stop(self) -> None:
        """No new message; what is on its way is waited for."""
        self.ending = True
        self.wake()

    def wake(self) -> None:
        self._wake.set()

    async def _turn(self) -> None:
        try:
            await self._look()
        except (OperationalError, InterfaceError) as error:
            self._stop_recording(error)
            await self.database(_drop_connection)
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self) -> None:
        if self._is_due("announce", HEARTBEAT_SECONDS):
            await self._beat()
        if self._is_due("recovery", RECOVERY_SECONDS):
            await self.database(recover, self.journal.path.parent)
            await self.database(give_back_strays, self.journal.uid, {part.key for part in self.parts})
        if self._is_due("states", POLL_SECONDS):
            await self._halt_what_must_stop()
        if self._is_due("limits", LIMITS_SECONDS):
            await self._renew_limits()
        await self._ask_again()
        await self._write()
        self._resume_recording()
        if self._is_due("lifecycle", POLL_SECONDS):
            await self.database(_move_deliveries)
            await self._listen()
        await self._feed()

    def _is_due(self, chore: str, seconds: float) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._due_at.get(chore, 0.0):
            return False
        self._due_at[chore] = now + seconds
        return True

    async def _sleep(self) -> None:
        self.doorbell.look()
        try:
            await asyncio.wait_for(self._wake.wait(), TICK_SECONDS)
        except TimeoutError:
            return
        finally:
            self._wake.clear()

    def _rung(self) -> None:
        for chore in ("states", "lifecycle", "feed"):
            self._due_at.pop(chore, None)
        self.wake()

    async def _listen(self) -> None:
        await self.database(self.doorbell.connect)
        self.doorbell.watch()

    async def _beat(self) -> None:
        lease_ends = lease_end()
        parts = self.parts
        ours = await self.database(renew_leases, [part.key for part in parts]) if parts else set()
        ran_out = any(monotonic() >= part.lease_ends for part in parts)
        for part in parts:
            part.lost = part.lost or part.key not in ours
            part.lease_ends = lease_ends
        if ran_out:
            # Their sessions found nothing that might leave, and wait for news.
            for lane in self.lanes.values():
                lane.announce()
        progressed, self._progressed = self._progressed or not parts, False
        if not await self.database(self._say_alive, progressed):
            self.stop()

    def _say_alive(self, progressed: bool) -> bool:
        now = timezone.now()
        if self.process is None:
            _use_durable_commits()
            self.process = register_process(
                kind=Process.Kind.MTA, name=self.name, now=now, affinities=self.affinities, uid=self.journal.uid
            )
            return True
        wanted = beat(self.process, now=now, progressed_at=now if progressed else None)
        if not wanted:
            self.restart_requested = Process.objects.filter(pk=self.process.pk, restart_requested=True).exists()
        return wanted

    async def _halt_what_must_stop(self) -> None:
        if not self.lanes:
            return
        faulty = [lane for lane in self.lanes.values() if lane.fault]
        for lane in faulty:
            await self.database(_pause_route, lane.route_id, lane.fault)
        sending, open_routes = await self.database(
            _what_may_send, {part.delivery_id for part in self.parts}, {lane.route_id for lane in self.lanes.values()}
        )
        for lane in self.lanes.values():
            for part in lane.parts:
                part.halted = part.halted or part.delivery_id not in sending or lane.route_id not in open_routes
            lane.fault = "" if lane in faulty else lane.fault
            if open_routes.get(lane.route_id, lane.settings) != lane.settings:
                lane.end()

    async def _ask_again(self) -> None:
        """Who opted out or bounced while a part has been held for long gets nothing of it."""
        asked_before = monotonic() - ASK_AGAIN_SECONDS
        for part in [part for part in self.parts if part.asked_at <= asked_before and part.may_send]:
            part.asked_at = monotonic()
            untaken = part.untaken()
            if not untaken:
                continue
            rows = open_rows(part.delivery_id, untaken[0], untaken[-1])
            found = await self.database(stopped_among, rows, part.delivery_id)
            reasons = {number: found[number] for number in part.drop(found)} if found else {}
            if reasons:
                await self._let_go(part, reasons)

    async def _let_go(self, part: HeldPart, reasons: Mapping[int, FailureReason]) -> None:
        try:
            await self.database(write_ignored, part.key, reasons)
        except LeaseLost as error:
            part.lost = True
            logger.error("%s: its messages are left to whoever settles it", error)

    async def _write(self) -> None:
        """Close the parts that are over; write what the others have, now and then."""
        for lane in self.lanes.values():
            for part in [part for part in lane.parts if part.over]:
                await self._close(lane, part)
        if self._is_due("outcomes", WRITE_SECONDS):
            for part in self.parts:
                await self._write_batch(part)
        for key in [key for key, lane in self.lanes.items() if lane.idle]:
            await self.database(_close_governor, self.lanes[key].governor)
            del self.lanes[key]

    async def _renew_limits(self) -> None:
        for lane in self.lanes.values():
            if lane.parts:
                waiting, sessions = lane.receivers.waiting(), lane.receivers.sessions()
                await self.database(_refresh, lane.governor, waiting, sessions)
                lane.hold_back()
                lane.announce_if_kept()

    async def _close(self, lane: Lane, part: HeldPart) -> None:
        await self._hand_over(part, partial(close_part, part.key, fates=part.fates, held_by=part.held_by))
        lane.parts.remove(part)
        if not self.parts and self.journal.size > JOURNAL_LIMIT:
            self.journal.empty()
        if not any(other.delivery_id == part.delivery_id for other in self.parts):
            # The last part of a delivery ends it, the last claimed one lets it pause or stop.
            self._due_at.pop("lifecycle", None)
        self.wake()

    async def _write_batch(self, part: HeldPart) -> None:
        if part.outcomes:
            await self._hand_over(part, partial(write_outcomes, part.key))

    async def _hand_over(self, part: HeldPart, write: Callable[[list[Any]], None]) -> None:
        if part.lost:
            return
        outcomes = part.take_outcomes()
        try:
            await self.database(self._write_safely, write, outcomes)
        except LeaseLost as error:
            part.lost = True
            logger.error("%s: its messages are left to whoever settles it", error)
        except Error:
            part.outcomes[:0] = outcomes
            raise
        self._progressed = self._progressed or bool(outcomes)

    def _write_safely(self, write: Callable[[list[Any]], None], outcomes: list[Any]) -> None:
        self.journal.sync()
        write(outcomes)

    async def _feed(self) -> None:
        """Claim while something is due for a route that has room; nothing found: look again at the next poll."""
        for lane in self.lanes.values():
            lane.open_sessions()
        busy = frozenset(key for key, lane in self.lanes.items() if not lane.hungry)
        # A route that got room again is looked at at once, the others at the next poll.
        nothing_new = not self._is_due("feed", 0) and busy >= self._nothing_beside
        if nothing_new or not self._may_claim():
            return
        claim = await self.database(self._claim, busy)
        if claim is None:
            self._nothing_beside = busy
            self._due_at["feed"] = asyncio.get_running_loop().time() + POLL_SECONDS
            return
        if AFTER_CLAIM:
            AFTER_CLAIM()
        await self._hold(claim)
        self.wake()

    def _may_claim(self) -> bool:
        # A journal that is to be emptied waits for the parts at hand.
        room = self.recording and not self.ending and self.journal.size <= JOURNAL_LIMIT
        return room and not any(part.suspect for part in self.parts)

    def _claim(self, busy: frozenset[LaneKey]) -> Claim | None:
        self._claims += 1
        return claim_part(
            uid=self.journal.uid,
            affinities=self.affinities,
            busy=busy,
            oldest_first=self._claims % OLDEST_EVERY == 0,
            reads=self._reads,
            suspects=not self.parts,
        )

    def _reads(self, delivery_id: int, version_id: int) -> Reads:
        try:
            renderer = self._renderer(Delivery.objects.get(pk=delivery_id), version_id)
        except Error:
            raise
        except Exception:
            # It will fail again when the part is taken up, and be reported there.
            return EVERYTHING
        return Reads(renderer.fields, renderer.reads_added)

    async def _hold(self, claim: Claim) -> None:
        try:
            lane, renderer = await self.database(self._prepare, claim)
            self.journal.claim(claim.key, claim.attempt)
        except Error:
            raise
        except Exception:
            logger.exception("part %d can't be sent now", claim.key.part_id)
            await self.database(_postpone, claim)
            return
        self.lanes[claim.lane] = lane
        lane.add(HeldPart(claim, renderer, self.journal))

    def _prepare(self, claim: Claim) -> tuple[Lane, Renderer]:
        delivery = Delivery.objects.get(pk=claim.delivery_id)
        lane = self.lanes.get(claim.lane) or self._make_lane(claim.lane, delivery)
        return lane, self._renderer(delivery, claim.version_id)

    def _make_lane(self, key: LaneKey, delivery: Delivery) -> Lane:
        route = Route.objects.get(pk=key[0])
        connector = channels.get(delivery.channel).connector(route, delivery.affinity)
        governor = governor_for(route, key[1], mail_servers=connector.mail_servers_of if connector.by_domain else None)
        governor.refresh({}, database_now())
        return Lane(route, key[1], connector, governor, self.journal, self.wake)

    def _renderer(self, delivery: Delivery, version_id: int) -> Renderer:
        key = (delivery.pk, version_id)
        if key not in self._renderers:
            version = ContentVersion.objects.get(pk=version_id)
            self._renderers[key] = channels.get(delivery.channel).renderer(delivery, version)
        self._renderers.move_to_end(key)
        while len(self._renderers) > RENDERERS_KEPT:
            self._renderers.popitem(last=False)
        return self._renderers[key]

    def _stop_recording(self, error: Exception) -> None:
        if self.recording:
            logger.error("outcomes can't be recorded, sending stops: %s", error)
        self.recording = False
        # It is back when everything that asks it something succeeds.
        self._due_at.clear()
        for lane in self.lanes.values():
            lane.holding = True

    def _resume_recording(self) -> None:
        if not self.recording:
            logger.warning("outcomes can be recorded again, sending goes on")
        self.recording = True
        for lane in self.lanes.values():
            if lane.holding and self._journal_is_well():
                lane.holding = False
                lane.announce()

    def _journal_is_well(self) -> bool:
        try:
            self.journal.probe()
        except OSError:
            return False
        return True

    async def _drain(self) -> None:
        """Replies that are outstanding are awaited, then what is left is told to give up."""
        loop = asyncio.get_running_loop()
        for lane in self.lanes.values():
            lane.end()
        deadline = loop.time() + settings.MTA_DRAIN_SECONDS
        while self.sessions and loop.time() < deadline:
            await asyncio.wait(self.sessions, timeout=min(POLL_SECONDS, deadline - loop.time()))
            await self._turn()
        for session in self.sessions:
            session.cancel()
        if self.sessions:
            await asyncio.wait(self.sessions, timeout=CANCEL_SECONDS)

    async def _leave(self) -> None:
        """Give everything back. What the database doesn't take now, the journal tells the next process."""
        for part in self.parts:
            part.halted = True
        try:
            await self._write()
            await self.database(self._withdraw)
        except Error as error:
            logger.error("outcomes can't be recorded, the journal keeps them: %s", error)
        self.doorbell.close()
        self.journal.close(settled=not self.parts)

    def _withdraw(self) -> None:
        _move_deliveries()
        if self.process is not None:
            withdraw(self.process)
        _drop_connection()

    @property
    def parts(self) -> list[HeldPart]:
        return list(self._held())

    def _held(self) -> Iterator[HeldPart]:
        for lane in self.lanes.values():
            yield from lane.parts

    @property
    def sessions(self) -> list[asyncio.Task[None]]:
        return [session for lane in self.lanes.values() for session in lane.sessions]

    async def database(self, work: Callable[..., R], *arguments: Any) -> R:
        """Run it in the database's thread."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work, *arguments)


def _postpone(claim: Claim) -> None:
    """Nothing of it left: all of it is tried again later, like messages refused for now."""
    close_part(claim.key, [], fates={Fate.RETRY: len(claim.rows)})


def _move_deliveries() -> None:
    now = database_now()
    if start_due_deliveries(now):
        ring()
    settle_due(now)


def _what_may_send(deliveries: set[int], routes: Iterable[int]) -> tuple[set[int], dict[int, tuple[object, ...]]]:
    """The deliveries that are still being sent, and the settings of the routes that are open."""
    now = database_now()
    at_work = Delivery.objects.filter(pk__in=deliveries, state__in=SENDING, stop_requested=False)
    valid = at_work.exclude(valid_until__lte=now).values_list("pk", flat=True)
    open_routes = {
        route.pk: settings_of(route)
        for route in Route.objects.filter(pk__in=list(routes)).prefetch_related("relays")
        if not is_paused(route, now)
    }
    return set(valid), open_routes


def _refresh(governor: Governor, waiting: dict[str, int], sessions: dict[str, int]) -> None:
    governor.refresh(waiting, database_now(), sessions)


def _close_governor(governor: Governor) -> None:
    governor.close(database_now())


def _pause_route(route_id: int, fault: str) -> None:
    logger.error("route %d is paused: %s", route_id, fault)
    pause_route(route_id, reason=fault, now=timezone.now())


def _use_durable_commits() -> None:
    # What the journal may forget must survive a power cut.
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")


def _drop_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()
