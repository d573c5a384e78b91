"""How many sessions each process may have with a receiver: shares of the limit, leased and given up by time-out."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from deliveries.models import TokenBucket

RENEW_SECONDS = 2.0
# What nothing waited for any more during this time is left to the others.
KEPT_SECONDS = 10.0
EXPIRES_AFTER = timedelta(seconds=20)
_SEPARATOR = "|"


class ConnectionLeases:
    """Of one route and affinity. A row per process and receiver says how many sessions the process may have.

    Each process wants a fair share and takes of it what the others leave: together never more than the limit.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = f"sessions:{prefix}"
        self._process = uuid.uuid4().hex[:12]
        self._granted: dict[str, int] = {}
        # Receiver → its limit, and when something last waited for it.
        self._wanted: dict[str, tuple[int, float]] = {}
        self._due = 0.0

    def granted(self, receiver: str, limit: int) -> int:
        return min(limit, self._granted.get(receiver, 0))

    def renew(self, limits: Mapping[str, int], *, sessions: Mapping[str, int], at: float, now: datetime) -> None:
        """`limits` of the receivers that something waits for here; `sessions` that are open now."""
        self._wanted |= {name: (limit, at) for name, limit in limits.items()}
        if at < self._due and self._granted.keys() >= limits.keys():
            return
        self._due = at + RENEW_SECONDS
        wanted = {
            name: limit if sessions.get(name) or at - since < KEPT_SECONDS else 0
            for name, (limit, since) in self._wanted.items()
        }
        if wanted:
            self._lease(wanted, sessions, now)
        self._wanted = {name: self._wanted[name] for name, limit in wanted.items() if limit or sessions.get(name)}

    def close(self) -> None:
        TokenBucket.objects.filter(key__in=[self._key(name) for name in self._granted]).delete()
        self._granted = {}

    @transaction.atomic
    def _lease(self, wanted: Mapping[str, int], sessions: Mapping[str, int], now: datetime) -> None:
        self._lock(now)
        others = self._others(wanted, now)
        granted = {name: self._share(name, limit, others[name]) for name, limit in wanted.items() if limit}
        # Sessions above the share end with their message: until then they count.
        held = {name: max(granted.get(name, 0), sessions.get(name, 0)) for name in wanted}
        self._write({name: held[name] for name in wanted if wanted[name] or held[name]}, now)
        self._forget([name for name in wanted if not (wanted[name] or held[name])])
        self._granted = granted

    def _share(self, name: str, limit: int, others: Mapping[str, float]) -> int:
        contenders = sorted([*others, self._process])
        rank = (contenders.index(self._process) + len(name)) % len(contenders)
        fair = limit // len(contenders) + (rank < limit % len(contenders))
        return max(0, min(fair, limit - int(sum(others.values()))))

    def _others(self, wanted: Iterable[str], now: datetime) -> dict[str, dict[str, float]]:
        live = TokenBucket.objects.filter(key__startswith=f"{self._prefix}{_SEPARATOR}", updated_at__gt=now)
        others: dict[str, dict[str, float]] = defaultdict(dict)
        for key, tokens in live.values_list("key", "tokens"):
            name, process = key.rsplit(_SEPARATOR, 2)[1:]
            if process != self._process:
                others[name][process] = tokens
        return others

    def _lock(self, now: datetime) -> None:
        TokenBucket.objects.bulk_create([TokenBucket(key=self._prefix, updated_at=now)], ignore_conflicts=True)
        TokenBucket.objects.select_for_update().get(pk=self._prefix)

    def _write(self, held: Mapping[str, int], now: datetime) -> None:
        rows = [
            TokenBucket(key=self._key(name), tokens=number, updated_at=now + EXPIRES_AFTER)
            for name, number in held.items()
        ]
        TokenBucket.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["key"], update_fields=["tokens", "updated_at"]
        )

    def _forget(self, names: Iterable[str]) -> None:
        TokenBucket.objects.filter(key__in=[self._key(name) for name in names]).delete()

    def _key(self, name: str) -> str:
        return _SEPARATOR.join((self._prefix, name, self._process))
