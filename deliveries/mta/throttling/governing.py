"""The governor of one route and affinity: answers the event loop from memory; the database's thread refreshes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from django.db import connection
from django.utils.translation import gettext as _

from deliveries.channels.base import Result, SendResult
from deliveries.models import Route
from deliveries.mta.governor import Hold
from deliveries.mta.throttling.allowances import Pace
from deliveries.mta.throttling.breaker import blames_recipient, identical_per_process
from deliveries.mta.throttling.buckets import Buckets
from deliveries.mta.throttling.connections import ConnectionLeases
from deliveries.mta.throttling.events import Event, Paused, SlowedDown, Trusted, tell
from deliveries.mta.throttling.leases import Leases
from deliveries.mta.throttling.receivers import Receiver
from deliveries.mta.throttling.rules import Rules, read_rules
from deliveries.mta.throttling.states import FIRST_PAUSE, HALVED_AT_MOST_EVERY, WELL, State, read_states
from deliveries.mta.throttling.warm_up import Plan, read_plans
from installation.models import Process
from installation.processes import alive
from recipients.vocabulary import FailureType

RULES_SECONDS = 15.0
# A pause without end is looked at again so often.
DECISION_SECONDS = 60.0
FIRST_LOOK_SECONDS = 0.05
# Domains that were seen and are in order are forgotten when there are so many.
RECEIVERS_KEPT = 20_000
MailServers = Callable[[str], Sequence[str]]


class ReceiverGovernor:
    """`mail_servers` answers the host names of a domain's mail servers as far as they are known, without waiting."""

    def __init__(
        self,
        route: Route,
        affinity: str,
        *,
        buckets: Buckets,
        clock: Callable[[], float],
        mail_servers: MailServers | None = None,
    ) -> None:
        self.route = route
        self.affinity = affinity
        self._clock = clock
        self._mail_servers = mail_servers
        self._lock = Lock()
        # SQLite has one sending process: nobody to share with.
        self._is_alone = connection.vendor == "sqlite"
        self._leases = Leases(route, affinity, buckets, self._lock)
        self._connections = ConnectionLeases(f"{route.pk}:{affinity}")
        self._rules: Rules = Rules()
        self._plans: dict[str, Plan] = {}
        self._processes = 1
        # Domain → receiver, as `receiver_of` answered; domains whose mail servers were not known then.
        self._names: dict[str, str] = {}
        self._unplaced: set[str] = set()
        # By receiver and by domain.
        self._watched: dict[str, Receiver] = {}
        self._events: list[Event] = []
        self._rules_due = -math.inf
        # The database's time when the clock was at zero; None until the rules are known.
        self._epoch: datetime | None = None

    # What the event loop calls

    def receiver_of(self, domain: str) -> str:
        name = self._names.get(domain)
        return self._name(domain) if name is None else name

    def connections(self, receiver: str) -> int | None:
        limit = self._receiver(receiver).limit.connections
        return limit if limit is None or self._is_alone else self._connections.granted(receiver, limit)

    def messages_per_connection(self, receiver: str) -> int | None:
        return self._receiver(receiver).limit.messages_per_connection

    def take(self, receiver: str) -> bool:
        if self._epoch is None:
            return False
        watched = self._receiver(receiver)
        with self._lock:
            return watched.take(self._clock())

    def give_back(self, receiver: str) -> None:
        watched = self._receiver(receiver)
        with self._lock:
            watched.give_back(self._clock())

    def hold(self, receiver: str) -> Hold | None:
        if self._epoch is None:
            return Hold(FIRST_LOOK_SECONDS, None, _("The limits are being read."))
        watched, at = self._receiver(receiver), self._clock()
        if watched.paused_until > at:
            return self._hold(watched.paused_until - at, watched.reason or _("It is paused."))
        if watched.day is not None and not watched.day.ready(at):
            return self._hold(watched.day.wait(at), _("The warm-up plan allows no more messages today."))
        if watched.hour is not None and not watched.hour.ready(at):
            return self._hold(watched.hour.wait(at), _("The limit per hour is reached."))
        if watched.pace is not None and not watched.pace.ready(at):
            return self._hold(watched.pace.wait(at), watched.reason or _("The limit per second is reached."))
        return None

    def note(self, receiver: str, result: SendResult) -> SendResult:
        watched = self._watched.get(receiver) or self._watch(receiver)
        watched.seen += 1
        if result.result is Result.ACCEPTED:
            if watched.breaker.succeeded():
                self._events.append(Trusted(watched.name))
            return result
        return self._note_trouble(watched, result)

    # What the database's thread calls

    def refresh(self, waiting: Mapping[str, int], now: datetime, sessions: Mapping[str, int] | None = None) -> None:
        at = self._clock()
        tell(self.route.pk, self.affinity, self._take_events(), now)
        if at >= self._rules_due:
            self._rules_due = at + RULES_SECONDS
            self._read_rules(now)
        self._read_states(at, now)
        self._epoch = now - timedelta(seconds=at)
        self._mark(at)
        wants = {self._receiver(name): number for name, number in waiting.items() if name and number}
        for receiver, number in wants.items():
            self._leases.renew(receiver, number, at=at, now=now)
        self._leases.give_back(at=at, now=now)
        self._renew_connections(wants, sessions or {}, at, now)

    def close(self, now: datetime) -> None:
        tell(self.route.pk, self.affinity, self._take_events(), now)
        self._leases.give_back(at=self._clock(), now=now, idle=0)
        self._connections.close()

    def _read_rules(self, now: datetime) -> None:
        rules, plans = read_rules(self.route, self.affinity), read_plans(self.affinity)
        self._processes = max(1, alive(now, Process.Kind.MTA).count())
        if (rules, plans) == (self._rules, self._plans):
            self._place_domains()
            return
        self._rules, self._plans = rules, plans
        # A domain may belong to another receiver now; what was learned of receivers is kept in the database.
        self._watched, self._names, self._unplaced = {}, {}, set()

    def _place_domains(self) -> None:
        """Domains whose mail servers are known by now; and those forgotten that nothing was learned of."""
        placed = {name for name in list(self._unplaced) if self._mail_servers and self._mail_servers(name)}
        for domain in placed:
            self._unplaced.discard(domain)
            self._names.pop(domain, None)
            self._watched.pop(domain, None)
        if len(self._watched) > RECEIVERS_KEPT:
            kept = {name: each for name, each in list(self._watched.items()) if each.is_limited}
            self._watched, self._names, self._unplaced = kept, {}, set()

    def _read_states(self, at: float, now: datetime) -> None:
        states = read_states(self.route.pk, self.affinity, now)
        concerned = {each.name: each for each in list(self._watched.values()) if each.state is not WELL}
        concerned |= {name: self._receiver(name) for name in states}
        # What the event loop has just noted is not in the database yet.
        untold = {event.receiver for event in list(self._events)}
        for name in concerned.keys() - untold:
            self._apply(concerned[name], states.get(name, WELL), at, now)

    def _apply(self, receiver: Receiver, state: State, at: float, now: datetime) -> None:
        was_limited = receiver.is_limited
        receiver.state, receiver.reason = state, state.reason
        receiver.breaker.suspected = state.suspected
        receiver.paused_until = _pause_end(state, at, now)
        self._leases.tune(receiver, state.factor_at(now))
        if receiver.is_limited != was_limited:
            self._names = {}

    def _mark(self, at: float) -> None:
        for receiver in list(self._watched.values()):
            receiver.mark(at)

    def _renew_connections(
        self, wants: Mapping[Receiver, int], sessions: Mapping[str, int], at: float, now: datetime
    ) -> None:
        limits = {each.name: each.limit.connections for each in wants if each.limit.connections is not None}
        if not self._is_alone:
            self._connections.renew(limits, sessions=sessions, at=at, now=now)

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    # Both

    def _name(self, domain: str) -> str:
        if self._epoch is None:
            return domain
        receiver = self._receiver(domain)
        name = receiver.name if receiver.is_limited else ""
        self._names[domain] = name
        return name

    def _receiver(self, name: str) -> Receiver:
        return self._watched.get(name) or self._watch(name)

    def _watch(self, name: str) -> Receiver:
        """By the name of a receiver, or of a domain that may be one of many of the same receiver."""
        known = self._rules.group_named(name) or self._rules.group_of(name, self._hosts(name))
        receiver_name = known.name if known else name
        receiver = self._watched.get(receiver_name) or self._made(receiver_name)
        self._watched[receiver_name] = self._watched[name] = receiver
        return receiver

    def _hosts(self, domain: str) -> Sequence[str]:
        if self._mail_servers is None:
            return ()
        hosts = self._mail_servers(domain)
        if not hosts:
            self._unplaced.add(domain)
        return hosts

    def _made(self, name: str) -> Receiver:
        group = self._rules.group_named(name)
        plan = self._plans.get(name) or self._plans.get("")
        receiver = Receiver(
            name=name,
            label=group.label if group else name,
            made_at=self._clock(),
            limit=self._rules.limit_of(name),
            plan=plan,
        )
        # Before anything is leased its limits hold already.
        self._leases.tune(receiver, 1.0)
        return receiver

    # What failures say

    def _note_trouble(self, receiver: Receiver, result: SendResult) -> SendResult:
        if result.receiver_fault:
            self._pause(receiver, result.receiver_fault)
        elif result.slow_down:
            self._slow_down(receiver, result.detail)
        if not blames_recipient(result):
            return result
        identical = identical_per_process(self._processes)
        if not receiver.breaker.failed(result.detail, identical=identical):
            return result
        reason = _("It refuses everybody with the same words: %(reply)s") % {"reply": result.detail}
        self._pause(receiver, reason, suspected=receiver.breaker.suspected)
        return replace(result, result=Result.DEFERRED, failure_type=FailureType.SOFT)

    def _pause(self, receiver: Receiver, reason: str, *, suspected: str | None = None) -> None:
        at = self._clock()
        if receiver.paused_until > at:
            return
        receiver.paused_until = at + FIRST_PAUSE.total_seconds()
        receiver.reason = reason
        self._changed(receiver, Paused(receiver.name, reason, suspected))

    def _slow_down(self, receiver: Receiver, reason: str) -> None:
        at = self._clock()
        if at - receiver.slowed_at < HALVED_AT_MOST_EVERY.total_seconds():
            return
        receiver.slowed_at, receiver.reason = at, reason
        rate = receiver.rate(at) * self._processes
        # Nothing leaves until the new rate is known to all: at most until the next refresh.
        receiver.pace = Pace((receiver.pace.rate if receiver.pace else rate) / 2)
        self._changed(receiver, SlowedDown(receiver.name, rate, reason))

    def _changed(self, receiver: Receiver, event: Event) -> None:
        self._events.append(event)
        self._names = {}

    def _hold(self, seconds: float, reason: str) -> Hold:
        if math.isinf(seconds):
            return Hold(DECISION_SECONDS, None, reason)
        until = self._epoch + timedelta(seconds=self._clock() + seconds) if self._epoch is not None else None
        return Hold(seconds, until, reason)


def _pause_end(state: State, at: float, now: datetime) -> float:
    if state.paused:
        return math.inf
    if state.paused_until is None or state.paused_until <= now:
        return 0.0
    return at + (state.paused_until - now).total_seconds()
