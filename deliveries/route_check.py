"""Trying a route: connect, greet, encrypt, give the credentials, say goodbye. Nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext as _

from deliveries.channels.email.dns import Dns
from deliveries.channels.email.handshake import Connection, open_connection
from deliveries.channels.email.mail_servers import MailServers
from deliveries.channels.email.options import SmtpOptions, Unavailable
from deliveries.channels.email.smtp import route_options
from deliveries.channels.email.transport import Timeouts
from deliveries.endpoints import is_direct, servers
from deliveries.models import Affinity, Route

# All servers are tried at once: a page that waits answers within ten seconds.
SECONDS = 8.0
TOLD_EXTENSIONS = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "STARTTLS")


@dataclass(frozen=True, slots=True)
class ServerReport:
    """What one server said; `text` are sentences in the reader's language."""

    server: str
    works: bool
    text: str


def check_route(*, route: Route, affinity: Affinity | None = None, domain: str = "") -> list[ServerReport]:
    """Each server of the route in its order; of the direct way the mail server of `domain` (empty: our own domain).

    Takes at most ten seconds. Raises InvalidRoute.
    """
    options = replace(route_options(route, affinity), timeouts=_timeouts())
    if is_direct(route):
        return [asyncio.run(_check_direct(options, domain or _own_domain()))]
    found = [replace(options, endpoint=server.endpoint) for server in servers(route)]
    return asyncio.run(_check_all(found))


async def _check_all(servers: list[SmtpOptions]) -> list[ServerReport]:
    return list(await asyncio.gather(*(_check_relay(options) for options in servers)))


async def _check_relay(options: SmtpOptions) -> ServerReport:
    return await _report(str(options.endpoint), options, lambda: open_connection(options))


async def _check_direct(options: SmtpOptions, domain: str) -> ServerReport:
    dns = Dns(settings.DNS_SERVER, seconds=SECONDS / 2)
    mail_servers = MailServers(options, dns, allow_private=settings.MTA_ALLOW_PRIVATE_MX)
    return await _report(domain, options, lambda: mail_servers.open(domain))


async def _report(server: str, options: SmtpOptions, connect: Callable[[], Awaitable[Connection]]) -> ServerReport:
    try:
        async with asyncio.timeout(SECONDS):
            connection = await connect()
    except Unavailable as error:
        return ServerReport(server, False, str(error))
    except TimeoutError:
        return ServerReport(server, False, _("%(server)s does not answer.") % {"server": server})
    try:
        return ServerReport(server, True, _describe(connection, options))
    finally:
        await connection.line.exchange(b"QUIT\r\n", (1.0,))
        connection.line.close()


def _describe(connection: Connection, options: SmtpOptions) -> str:
    known = [name for name in TOLD_EXTENSIONS if name in connection.extensions]
    sentences = [
        _("It takes mail."),
        _("The connection is encrypted.") if connection.line.encrypted else _("The connection is not encrypted."),
        _("The credentials are accepted.") if options.endpoint.username else _("No credentials are given."),
        _("It offers %(extensions)s.") % {"extensions": ", ".join(known)} if known else _("It offers no extensions."),
    ]
    if connection.size_limit:
        sentences.append(_("A message may have %(size)d bytes.") % {"size": connection.size_limit})
    return " ".join(sentences)


def _timeouts() -> Timeouts:
    return Timeouts(
        connect=SECONDS,
        greeting=SECONDS,
        command=SECONDS,
        data=SECONDS,
        block=SECONDS,
        final=SECONDS,
        quit=1.0,
    )


def _own_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
