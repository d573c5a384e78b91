"""The connectors of SMTP routes: over relays, and direct to the mail servers of each domain."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings

from deliveries.channels.base import Connector, Outbox
from deliveries.channels.email.dns import Dns
from deliveries.channels.email.handshake import Connection
from deliveries.channels.email.mail_servers import MailServers
from deliveries.channels.email.options import SmtpOptions
from deliveries.channels.email.relays import Relays, RelayServer
from deliveries.channels.email.session import SmtpSession
from deliveries.channels.email.transport import Timeouts
from deliveries.endpoints import endpoint, is_direct, servers
from deliveries.models import Affinity, Route

__all__ = ["DirectConnector", "SmtpConnector", "SmtpOptions", "Timeouts", "route_connector"]
# How long a connection may take to come about where another server can take its place.
CONNECT_SECONDS = 30.0


def route_connector(route: Route, affinity: Affinity | None = None) -> SmtpConnector:
    """The connector of a route; raises InvalidRoute when an address or a password can't be read."""
    options = route_options(route, affinity)
    if is_direct(route):
        dns = Dns(settings.DNS_SERVER)
        return DirectConnector(options, MailServers(options, dns, allow_private=settings.MTA_ALLOW_PRIVATE_MX))
    found = servers(route)
    if len(found) > 1:
        options = replace(options, timeouts=Timeouts(connect=CONNECT_SECONDS))
    relays = [
        RelayServer(replace(options, endpoint=server.endpoint), server.preference, server.weight) for server in found
    ]
    return SmtpConnector(options, relays)


def route_options(route: Route, affinity: Affinity | None = None) -> SmtpOptions:
    """How the route's own server is spoken to. Raises InvalidRoute."""
    direct = is_direct(route)
    return SmtpOptions(
        endpoint(route),
        timeouts=Timeouts(connect=CONNECT_SECONDS) if direct else Timeouts(),
        max_messages_per_connection=route.max_messages_per_connection,
        local_name=(affinity.host_name if affinity else "") or _local_name(),
        direct=direct,
        source_ipv4=(affinity.source_ipv4 if affinity else "") or "",
        source_ipv6=(affinity.source_ipv6 if affinity else "") or "",
    )


def _local_name() -> str:
    """Our name in EHLO: the host of BASE_URL when it is a full name, else none (the address of our side is used)."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    is_name = "." in host and not host.rpartition(".")[2].isdecimal()
    return host if is_name and host.isascii() else ""


class SmtpConnector(Connector):
    """One server or several, any number of sessions. Use one instance per sender process and route."""

    def __init__(self, options: SmtpOptions, relays: Sequence[RelayServer] = ()) -> None:
        self.options = options
        self.relays = Relays(relays or [RelayServer(options)])
        # The event loop's clock: until then the server is given a rest. None while all is well.
        self.unavailable_until: float | None = None
        self.trouble = ""

    async def run_session(self, session: int, outbox: Outbox) -> None:
        await SmtpSession(session, outbox, self.options, self).run()

    async def open_connection(self, destination: str) -> Connection:
        return await self.relays.open()

    def note_trouble(self, text: str, seconds: float, connection: Connection | None = None) -> None:
        """A session rests for so long; `connection` is the one that it gave up, when it had one."""
        self.trouble, self.unavailable_until = text, asyncio.get_running_loop().time() + seconds
        if connection is not None:
            self.relays.note_trouble(connection)

    def note_success(self) -> None:
        if self.unavailable_until is not None:
            self.trouble, self.unavailable_until = "", None


class DirectConnector(SmtpConnector):
    """Each session serves one receiving domain."""

    by_domain: ClassVar[bool] = True

    def __init__(self, options: SmtpOptions, mail_servers: MailServers) -> None:
        super().__init__(options)
        self._mail_servers = mail_servers

    async def open_connection(self, destination: str) -> Connection:
        return await self._mail_servers.open(destination)

    def mail_servers_of(self, domain: str) -> Sequence[str]:
        return self._mail_servers.hosts_of(domain)

    def note_trouble(self, text: str, seconds: float, connection: Connection | None = None) -> None:
        """One domain's trouble says nothing of the others: the connector stays available."""

    def note_success(self) -> None: ...
