"""How fast each receiver may be sent to.

`governing.py` answers the sender; it reads `rules.py` (which receiver a domain is, its limit), spends `allowances.py`,
leased by `leases.py` from `buckets.py` or `redis_buckets.py` and `connections.py`, within the plans of `warm_up.py`.
What receivers teach goes through `breaker.py` and `events.py` into `states.py`.
"""

from __future__ import annotations

from django.conf import settings

from deliveries.models import Route
from deliveries.mta.clock import monotonic
from deliveries.mta.governor import Governor
from deliveries.mta.throttling.buckets import Buckets, DatabaseBuckets
from deliveries.mta.throttling.governing import MailServers, ReceiverGovernor
from deliveries.mta.throttling.redis_buckets import RedisBuckets

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")

__all__ = ["governor_for", "shared_buckets"]


def governor_for(route: Route, affinity: str, *, mail_servers: MailServers | None = None) -> Governor:
    """The limits of this route and affinity ("" for none) in this process. Nothing leaves before its first `refresh`.

    `mail_servers` answers the host names of a domain's mail servers, empty while they are unknown: hosted domains then
    count as their provider's.
    """
    return ReceiverGovernor(route, affinity, buckets=shared_buckets(), clock=monotonic, mail_servers=mail_servers)


def shared_buckets() -> Buckets:
    """In Redis where the installation has one, else in the database."""
    if settings.BROKER_URL.startswith(REDIS_SCHEMES):
        return RedisBuckets(settings.BROKER_URL, instead=DatabaseBuckets())
    return DatabaseBuckets()
