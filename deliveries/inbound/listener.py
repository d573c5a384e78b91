"""The listener: takes mails by LMTP or SMTP and says 250 only when they are safely on disk.

They wait in a spool (`sources/spool.py`) until they are read like those of any other source.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP
from django.utils.translation import gettext as _

from common.errors import Refused
from common.failpoints import failpoint
from deliveries.channels.email.addresses import broadlog_of_bounce, broadlog_of_unsubscription
from deliveries.inbound.sources.address import SourceAddress, address_of
from deliveries.inbound.sources.base import MAXIMUM_BYTES
from deliveries.inbound.sources.spool import keep, make_folder, sweep
from deliveries.models.inbound import InboundSource

# Larger ones are cut where they are read.
LARGEST_MAIL = 10 * MAXIMUM_BYTES
SECONDS_OF_SILENCE = 300
BEFORE_REPLY = failpoint("before_reply")

logger = logging.getLogger("diffusion.inbound")


class NotAListener(Refused):
    """Only a source of the kind “listener” is listened to."""

    code = "not_a_listener"


class SpoolHandler:
    """aiosmtpd calls its methods by these names."""

    def __init__(self, root: Path, domain: str) -> None:
        self.root = root
        self.domain = domain.lower()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if not self._is_ours(address):
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        content = envelope.original_content or b""
        replies = [await self._kept(address, content) for address in envelope.rcpt_tos]
        if BEFORE_REPLY:
            BEFORE_REPLY()
        # LMTP answers for each recipient, SMTP once: then the mail comes again, and what was kept is recognised.
        return "\r\n".join(replies) if isinstance(server, LMTP) else max(replies)

    async def _kept(self, address: str, content: bytes) -> str:
        try:
            await asyncio.to_thread(keep, self.root, _addressed(address, content))
        except OSError as error:
            logger.error("an inbound mail could not be kept: %s", error)
            return "451 4.3.0 Could not be kept, try again later"
        return "250 2.0.0 Kept"

    def _is_ours(self, address: str) -> bool:
        """Any address of the domain; without one only addresses that we signed, so this is no open letter box."""
        if self.domain:
            return address.rpartition("@")[2].lower() == self.domain
        return broadlog_of_bounce(address) is not None or broadlog_of_unsubscription(address) is not None


def _addressed(address: str, content: bytes) -> bytes:
    """Whom the envelope named, where the reader looks for it: the headers may not say."""
    plain = "".join(letter for letter in address if letter.isprintable())
    return b"Delivered-To: " + plain.encode() + b"\r\n" + content


async def serve(address: SourceAddress, root: Path, domain: str, *, stopped: asyncio.Event | None = None) -> None:
    """Listen until SIGTERM or SIGINT (or `stopped`); raises OSError when the port is taken."""
    loop, ends = asyncio.get_running_loop(), stopped or asyncio.Event()
    if stopped is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ends.set)
    handler = SpoolHandler(root, domain)
    server = await loop.create_server(lambda: _protocol(handler, address, loop), address.host, address.port)
    logger.info("Inbound mails are taken on %s:%d (%s).", address.host, address.port, address.scheme.upper())
    async with server:
        await ends.wait()


def listen(source: InboundSource, *, host: str = "", port: int = 0) -> None:
    """Blocks. Raises NotAListener, InvalidAddress, or OSError."""
    if source.kind != InboundSource.Kind.LISTENER:
        raise NotAListener(_("“%(source)s” is not a listener.") % {"source": source})
    address = address_of(source)
    values = {name: getattr(address, name) for name in SourceAddress.__slots__}
    chosen = {"host": host or address.host, "port": port or address.port}
    root = make_folder(address)
    sweep(root)
    asyncio.run(serve(SourceAddress(**{**values, **chosen}), root, source.domain))


def _protocol(handler: SpoolHandler, address: SourceAddress, loop: asyncio.AbstractEventLoop) -> SMTP:
    kind = LMTP if address.scheme == "lmtp" else SMTP
    return kind(
        handler,
        data_size_limit=LARGEST_MAIL,
        enable_SMTPUTF8=True,
        timeout=SECONDS_OF_SILENCE,
        ident="Diffusion",
        loop=loop,
    )
