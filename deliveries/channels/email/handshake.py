"""From a host name to a connection that takes mail: dial, greeting, EHLO, TLS, credentials."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from django.utils.translation import gettext as _

from deliveries.channels.base import Message, SendResult
from deliveries.channels.email.authentication import accept, authenticate
from deliveries.channels.email.dial import dial, tls_context
from deliveries.channels.email.options import SmtpOptions, Unavailable
from deliveries.channels.email.replies import Stage, unsent
from deliveries.channels.email.transport import Line, Reply


class HandshakeFailed(Unavailable):
    """The server offers encryption and can't do it."""


@dataclass(slots=True)
class Connection:
    line: Line
    extensions: frozenset[str]
    size_limit: int = 0
    mechanisms: frozenset[str] = frozenset()
    # How many messages it may carry, and how many it has begun.
    limit: int = 10_000
    started: int = 0
    first: Message | None = None
    # Which of several servers it leads to, for who chose it.
    server: object = None


async def open_connection(options: SmtpOptions) -> Connection:
    """A connection that is ready for MAIL; raises Unavailable. An optional encryption that fails is left out."""
    try:
        connection = await _open(options)
    except HandshakeFailed:
        if options.endpoint.tls != "opportunistic":
            raise
        connection = await _open(options, in_clear=True)
    connection.limit = options.max_messages_per_connection
    return connection


async def _open(options: SmtpOptions, *, in_clear: bool = False) -> Connection:
    line = await dial(options)
    try:
        return await _shake_hands(line, options, in_clear)
    except BaseException:
        line.close()
        raise


async def _shake_hands(line: Line, options: SmtpOptions, in_clear: bool) -> Connection:
    endpoint = options.endpoint
    accept(line, await line.greeting(), Stage.CONNECT, options)
    connection = await _hello(line, options)
    if not line.encrypted and endpoint.tls != "off" and not in_clear:
        connection = await _encrypt(connection, options)
    if endpoint.username:
        await authenticate(line, connection.mechanisms, options)
    return connection


async def _hello(line: Line, options: SmtpOptions) -> Connection:
    name = options.local_name or line.local_literal()
    limits = (options.timeouts.command,)
    replies = await line.exchange(f"EHLO {name}\r\n".encode(), limits)
    if replies and replies[0].code >= 500:
        # A server from before ESMTP.
        accept(line, await line.exchange(f"HELO {name}\r\n".encode(), limits), Stage.EHLO, options)
        return Connection(line, frozenset())
    return _read_extensions(line, accept(line, replies, Stage.EHLO, options))


def _read_extensions(line: Line, reply: Reply) -> Connection:
    words = [text.decode("ascii", "replace").upper().replace("=", " ").split() for text in reply.raw.split(b"\n")[1:]]
    found = {each[0]: each[1:] for each in words if each}
    size = found.get("SIZE", [])
    return Connection(
        line,
        frozenset(found),
        size_limit=int(size[0]) if size and size[0].isdecimal() and len(size[0]) < 20 else 0,
        mechanisms=frozenset(found.get("AUTH", [])),
    )


async def _encrypt(connection: Connection, options: SmtpOptions) -> Connection:
    line = connection.line
    required = options.endpoint.tls == "required"
    if "STARTTLS" not in connection.extensions:
        if required:
            raise Unavailable(_no_encryption(options))
        return connection
    replies = await line.exchange(b"STARTTLS\r\n", (options.timeouts.command,), last_in_clear=True)
    if not replies:
        raise Unavailable(unsent(line.ending))
    if replies[0].code != 220:
        raise HandshakeFailed(unsent(_("STARTTLS was refused: %(reply)s") % {"reply": replies[0].text}))
    try:
        await line.start_tls(tls_context(options), options.endpoint.host)
    except (ssl.SSLError, ssl.CertificateError, OSError, TimeoutError) as error:
        raise HandshakeFailed(unsent(_("The encryption failed: %(reason)s") % {"reason": error})) from None
    return await _hello(line, options)


def _no_encryption(options: SmtpOptions) -> SendResult:
    if options.direct:
        return unsent(_("The server offers no encryption and the route requires it."))
    text = _("The server offers no encryption and the route requires it (or write ?tls=off in its address).")
    return unsent(text, route_fault=text)
