"""The connector of SMTP routes."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from django.conf import settings

from deliveries.channels.base import Connector, Outbox
from deliveries.channels.email.handshake import SmtpOptions
from deliveries.channels.email.session import SmtpSession
from deliveries.channels.email.transport import Timeouts
from deliveries.models import Route
from deliveries.routes import endpoint

__all__ = ["SmtpConnector", "SmtpOptions", "Timeouts", "route_connector"]


def route_connector(route: Route) -> SmtpConnector:
    """The connector of a route; raises InvalidRoute when its address or password can't be read."""
    return SmtpConnector(SmtpOptions(endpoint(route), local_name=_local_name()))


def _local_name() -> str:
    """Our name in EHLO: the host of BASE_URL when it is a full name, else none (the address of our side is used)."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    is_name = "." in host and not host.rpartition(".")[2].isdecimal()
    return host if is_name and host.isascii() else ""


class SmtpConnector(Connector):
    """One server, any number of sessions. Use one instance per sender process and route."""

    def __init__(self, options: SmtpOptions) -> None:
        self.options = options
        # The event loop's clock: until then the server is given a rest. None while all is well.
        self.unavailable_until: float | None = None
        self.trouble = ""

    async def run_session(self, session: int, outbox: Outbox) -> None:
        await SmtpSession(session, outbox, self.options, self).run()

    def note_trouble(self, text: str, seconds: float) -> None:
        self.trouble, self.unavailable_until = text, asyncio.get_running_loop().time() + seconds

    def note_success(self) -> None:
        if self.unavailable_until is not None:
            self.trouble, self.unavailable_until = "", None
