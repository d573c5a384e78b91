"""From a host name to a connection that takes mail: dial, greeting, EHLO, TLS, credentials."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from deliveries.channels.base import Message
from deliveries.channels.email.transport import Line, Reply, Timeouts
from deliveries.routes import Endpoint


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


class Unavailable(Exception):
    """The server takes no mail now; `route_fault` says what is wrong on our side, when it is."""

    def __init__(self, text: str, *, route_fault: str = "") -> None:
        super().__init__(text)
        self.route_fault = route_fault


class HandshakeFailed(Unavailable):
    """The server offers encryption and can't do it."""


@dataclass(slots=True)
class Connection:
    line: Line
    extensions: frozenset[str]
    size_limit: int = 0
    mechanisms: frozenset[str] = frozenset()
    started: int = 0
    first: Message | None = None


async def open_connection(options: SmtpOptions, *, in_clear: bool = False) -> Connection:
    """A connection that is ready for MAIL; raises Unavailable. `in_clear` leaves out an encryption that is optional."""
    line = await _dial(options)
    try:
        return await _shake_hands(line, options, in_clear)
    except BaseException:
        line.close()
        raise


async def _dial(options: SmtpOptions) -> Line:
    endpoint = options.endpoint
    implicit = endpoint.tls == "implicit"
    try:
        _transport, line = await asyncio.wait_for(
            asyncio.get_running_loop().create_connection(
                lambda: Line(options.timeouts),
                endpoint.host,
                endpoint.port,
                ssl=_tls_context(options) if implicit else None,
                server_hostname=endpoint.host if implicit else None,
            ),
            options.timeouts.connect,
        )
    except TimeoutError:
        raise Unavailable(_("%(server)s does not answer.") % {"server": endpoint}) from None
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            _("%(server)s can't be reached: %(reason)s") % {"server": endpoint, "reason": error}
        ) from None
    line.encrypted = implicit
    return line


async def _shake_hands(line: Line, options: SmtpOptions, in_clear: bool) -> Connection:
    endpoint = options.endpoint
    _accept(line, await line.greeting(), "CONNECT")
    connection = await _hello(line, options)
    if not line.encrypted and endpoint.tls != "off" and not in_clear:
        connection = await _encrypt(connection, options)
    if endpoint.username:
        await _authenticate(connection, options)
    return connection


def _accept(line: Line, replies: list[Reply], stage: str, codes: range = range(200, 300)) -> Reply:
    if not replies:
        raise Unavailable(line.ending)
    reply = replies[0]
    if reply.code in codes:
        return reply
    refused_for_good = reply.code >= 500
    text = _("%(stage)s was refused: %(reply)s") % {"stage": stage, "reply": reply.text}
    raise Unavailable(text, route_fault=text if refused_for_good else "")


async def _hello(line: Line, options: SmtpOptions) -> Connection:
    name = options.local_name or line.local_literal()
    limits = (options.timeouts.command,)
    replies = await line.exchange(f"EHLO {name}\r\n".encode(), limits)
    if replies and replies[0].code >= 500:
        # A server from before ESMTP.
        _accept(line, await line.exchange(f"HELO {name}\r\n".encode(), limits), "HELO")
        return Connection(line, frozenset())
    return _read_extensions(line, _accept(line, replies, "EHLO"))


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
            text = _("The server offers no encryption and the route requires it (or write ?tls=off in its address).")
            raise Unavailable(text, route_fault=text)
        return connection
    replies = await line.exchange(b"STARTTLS\r\n", (options.timeouts.command,), last_in_clear=True)
    if not replies:
        raise Unavailable(line.ending)
    if replies[0].code != 220:
        raise HandshakeFailed(_("STARTTLS was refused: %(reply)s") % {"reply": replies[0].text})
    try:
        await line.start_tls(_tls_context(options), options.endpoint.host)
    except (ssl.SSLError, ssl.CertificateError, OSError, TimeoutError) as error:
        raise HandshakeFailed(_("The encryption failed: %(reason)s") % {"reason": error}) from None
    return await _hello(line, options)


def _tls_context(options: SmtpOptions) -> ssl.SSLContext:
    if options.tls_context is not None:
        return options.tls_context
    context = ssl.create_default_context()
    if options.endpoint.tls == "opportunistic":
        # Whom would an unverified certificate harm? In clear is what this server would get otherwise.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _authenticate(connection: Connection, options: SmtpOptions) -> None:
    user, password = options.endpoint.username.encode(), options.endpoint.password.encode()
    if "PLAIN" in connection.mechanisms:
        await _say(connection.line, b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password), options)
    elif "LOGIN" in connection.mechanisms:
        await _say(connection.line, b"AUTH LOGIN", options, range(334, 335))
        await _say(connection.line, base64.b64encode(user), options, range(334, 335))
        await _say(connection.line, base64.b64encode(password), options)
    else:
        text = _("The server takes no credentials that we know (PLAIN, LOGIN), and the route has some.")
        raise Unavailable(text, route_fault=text)


async def _say(line: Line, command: bytes, options: SmtpOptions, codes: range = range(200, 300)) -> None:
    _accept(line, await line.exchange(command + b"\r\n", (options.timeouts.command,)), "AUTH", codes)
