"""The rules of one route and affinity, as read from the database: which receiver a domain is, and its limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import translate

from django.db.models import Q

from deliveries.endpoints import is_direct
from deliveries.models import Affinity, ReceiverGroup, Route, SendingLimit


@dataclass(frozen=True, slots=True)
class Limit:
    """Over all processes; None: no limit."""

    connections: int | None = None
    messages_per_connection: int | None = None
    per_second: float | None = None
    per_hour: int | None = None


UNLIMITED = Limit()


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    label: str
    domains: re.Pattern[str] | None
    mail_servers: re.Pattern[str] | None

    def holds(self, domain: str, mail_servers: Iterable[str]) -> bool:
        if self.domains is not None and self.domains.match(domain):
            return True
        hosts = self.mail_servers
        return hosts is not None and any(hosts.match(host.rstrip(".").lower()) for host in mail_servers)


@dataclass(frozen=True, slots=True)
class Rules:
    groups: tuple[Group, ...] = ()
    # By the name of a group; "" for every other domain, each on its own.
    limits: dict[str, Limit] = field(default_factory=dict)

    def group_of(self, domain: str, mail_servers: Sequence[str] = ()) -> Group | None:
        """The first group that holds the domain, by its name or by the host names of its mail servers."""
        return next((group for group in self.groups if group.holds(domain, mail_servers)), None)

    def limit_of(self, receiver: str) -> Limit:
        """Of a group by its name, or of a domain without a group."""
        return self.limits.get(receiver, self.limits.get("", UNLIMITED))

    def group_named(self, name: str) -> Group | None:
        return next((group for group in self.groups if group.name == name), None)


def read_rules(route: Route, affinity: str) -> Rules:
    """Two queries. Lines that name no route are for the direct way alone: a relay minds the providers by itself."""
    groups = tuple(_group(row) for row in ReceiverGroup.objects.order_by("position", "pk"))
    return Rules(groups, _limits(_lines(route, affinity), groups))


def patterns_of(text: str) -> list[str]:
    """One pattern per line, lower case."""
    return [line.strip().lower() for line in text.splitlines() if line.strip()]


def _group(row: ReceiverGroup) -> Group:
    return Group(row.internal_name, row.label, _compiled(row.domains), _compiled(row.mail_servers))


def _compiled(text: str) -> re.Pattern[str] | None:
    patterns = patterns_of(text)
    return re.compile("|".join(translate(pattern) for pattern in patterns)) if patterns else None


def _lines(route: Route, affinity: str) -> list[SendingLimit]:
    mine = Q(route=route) | Q(route__isnull=True) if is_direct(route) else Q(route=route)
    known = Affinity.objects.filter(name=affinity)
    rows = SendingLimit.objects.filter(mine, Q(affinity__isnull=True) | Q(affinity__in=known), enabled=True)
    return sorted(rows.select_related("group"), key=_specificity)


def _specificity(line: SendingLimit) -> tuple[bool, bool, bool]:
    return line.group_id is not None, line.affinity_id is not None, line.route_id is not None


def _limits(lines: Sequence[SendingLimit], groups: Iterable[Group]) -> dict[str, Limit]:
    """The last line that fits counts: they come from the general to the most specific."""
    limits: dict[str, Limit] = {}
    for line in lines:
        name = line.group.internal_name if line.group is not None else ""
        limits[name] = Limit(
            line.connections, line.messages_per_connection, line.messages_per_second, line.messages_per_hour
        )
    return limits
