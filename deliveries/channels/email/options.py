"""How one server is spoken to, and what it means that it can't be."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from deliveries.channels.base import SendResult
from deliveries.channels.email.transport import Timeouts
from deliveries.endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """How one route is spoken to; everything but the endpoint has its default."""

    endpoint: Endpoint
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_messages_per_connection: int = 10_000
    # An open connection without a message for this long is given back to the server.
    idle_seconds: float = 30
    # Waiting after a failed connection: doubled up to the second figure.
    backoff_seconds: tuple[float, float] = (1, 30)
    # The name given in EHLO; empty: the address literal of our side.
    local_name: str = ""
    tls_context: ssl.SSLContext | None = None
    # A receiver's own server: what it has against us concerns its domains, not the route.
    direct: bool = False
    # Where the endpoint's host was found to be; empty: the system looks it up.
    address: str = ""
    # From where connections leave, by family; both empty: wherever the system likes.
    source_ipv4: str = ""
    source_ipv6: str = ""


class Unavailable(Exception):
    """No connection for now; `result` is what that means for a message that waits for it."""

    def __init__(self, result: SendResult) -> None:
        super().__init__(result.detail)
        self.result = result
