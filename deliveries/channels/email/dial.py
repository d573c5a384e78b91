"""From a host to a connection: its addresses in turn, from the source address that the affinity names."""

from __future__ import annotations

import asyncio
import errno
import functools
import socket
import ssl

from django.utils.translation import gettext as _

from deliveries.channels.email.options import SmtpOptions, Unavailable
from deliveries.channels.email.replies import unsent
from deliveries.channels.email.transport import Line


async def dial(options: SmtpOptions) -> Line:
    """A connection on which the greeting is awaited; raises Unavailable."""
    endpoint = options.endpoint
    try:
        async with asyncio.timeout(options.timeouts.connect):
            return await _dial_addresses(options)
    except TimeoutError:
        raise Unavailable(unsent(_("%(server)s does not answer.") % {"server": endpoint})) from None
    except (OSError, UnicodeError) as error:
        text = _("%(server)s can't be reached: %(reason)s") % {"server": endpoint, "reason": error}
        raise Unavailable(unsent(text)) from None


async def _dial_addresses(options: SmtpOptions) -> Line:
    """Each address of the host in turn; the last one's OSError is raised."""
    endpoint = options.endpoint
    found = await asyncio.get_running_loop().getaddrinfo(
        options.address or endpoint.host, endpoint.port, type=socket.SOCK_STREAM
    )
    error = OSError(_("it has no address of the family of our source address"))
    for family, _type, _protocol, _name, address in found:
        source = options.source_ipv6 if family == socket.AF_INET6 else options.source_ipv4
        if not source and (options.source_ipv4 or options.source_ipv6):
            continue
        try:
            return await _dial_address(options, str(address[0]), source)
        except OSError as failure:
            _check_source(source)
            error = failure
    raise error


async def _dial_address(options: SmtpOptions, address: str, source: str) -> Line:
    implicit = options.endpoint.tls == "implicit"
    _transport, line = await asyncio.get_running_loop().create_connection(
        lambda: Line(options.timeouts),
        address,
        options.endpoint.port,
        ssl=tls_context(options) if implicit else None,
        server_hostname=options.endpoint.host if implicit else None,
        local_addr=(source, 0) if source else None,
    )
    line.encrypted = implicit
    return line


def _check_source(source: str) -> None:
    """Raise Unavailable when no connection can leave from this address."""
    if not source:
        return
    with socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET) as probe:
        try:
            probe.bind((source, 0))
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                return
            text = _("This machine does not have the source address %(address)s of the affinity.") % {"address": source}
            raise Unavailable(unsent(text, route_fault=text)) from None


def tls_context(options: SmtpOptions) -> ssl.SSLContext:
    return options.tls_context or _context(options.endpoint.tls != "opportunistic")


@functools.cache
def _context(verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verified:
        # Whom would an unverified certificate harm? In clear is what this server would get otherwise.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
