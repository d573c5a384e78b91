"""The direct way: a connection to one of the mail servers of the receiving domain."""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import groupby

from django.utils.translation import gettext as _

from deliveries.channels.base import SendResult
from deliveries.channels.email.dns import LookupFailed, Lookups, MailServer, NoMail
from deliveries.channels.email.handshake import Connection, open_connection
from deliveries.channels.email.options import SmtpOptions, Unavailable
from deliveries.channels.email.replies import invalid_domain, unsent
from recipients.vocabulary import FailureType

# What did not answer is left alone for so long, whoever asks for it.
DEAD_SECONDS = 60.0
MAXIMUM_DEAD = 10_000
MAXIMUM_HOSTS = 100_000
# A domain with a hundred dead servers holds no session for a hundred time-outs.
MAXIMUM_TRIES = 5


class MailServers:
    """The ways to all domains, for the sessions of one connector."""

    def __init__(
        self,
        options: SmtpOptions,
        lookups: Lookups,
        *,
        allow_private: bool = False,
        shuffle: Callable[[list[MailServer]], None] = random.shuffle,
    ) -> None:
        self._options = options
        self._lookups = lookups
        self._allow_private = allow_private
        self._shuffle = shuffle
        # Address → until when it is left alone, and why.
        self._dead: dict[str, tuple[float, SendResult]] = {}
        self._hosts: dict[str, tuple[str, ...]] = {}

    def hosts_of(self, domain: str) -> tuple[str, ...]:
        """The names of its servers as of the last look-up; none before the first."""
        return self._hosts.get(domain, ())

    async def open(self, domain: str) -> Connection:
        """A connection to the domain's most preferred server that takes mail; raises Unavailable."""
        trouble, tries = None, 0
        async for host, address in self._ways(domain):
            known = self._known_trouble(address)
            if known is not None:
                trouble = trouble or known
                continue
            try:
                return await open_connection(self._options_for(host, address))
            except Unavailable as error:
                if error.result.route_fault or error.result.receiver_fault:
                    raise
                # That a server asks for less is worth more than that the next one is down.
                trouble = trouble if trouble and trouble.slow_down else error.result
                tries += 1
                self._note(address, error.result)
            if tries >= MAXIMUM_TRIES:
                break
        raise Unavailable(trouble or unsent(_("No mail server of %(domain)s has an address.") % {"domain": domain}))

    def _options_for(self, host: str, address: str) -> SmtpOptions:
        return replace(self._options, endpoint=replace(self._options.endpoint, host=host), address=address)

    async def _ways(self, domain: str) -> AsyncIterator[tuple[str, str]]:
        """(host, address) in the order in which they are tried; raises Unavailable when there can be none."""
        literal = _literal(domain)
        if literal:
            servers = [MailServer(literal, 0)]
        else:
            servers = await self._servers(domain)
        failure, refused, usable = None, False, False
        for server in self._in_order(servers):
            try:
                addresses = [literal] if literal else await self._lookups.addresses(server.host)
            except LookupFailed as error:
                failure = error
                continue
            for address in addresses:
                if self._is_allowed(address):
                    usable = True
                    yield server.host, address
                else:
                    refused = True
        if usable:
            return
        if failure is not None:
            raise Unavailable(unsent(str(failure)))
        if refused:
            text = _("The mail servers of %(domain)s have private addresses only.") % {"domain": domain}
            raise Unavailable(invalid_domain(text, FailureType.SOFT))

    async def _servers(self, domain: str) -> list[MailServer]:
        try:
            servers = await self._lookups.mail_servers(domain)
        except NoMail as refusal:
            raise Unavailable(invalid_domain(str(refusal))) from None
        except LookupFailed as error:
            raise Unavailable(unsent(str(error))) from None
        if len(self._hosts) >= MAXIMUM_HOSTS:
            self._hosts.clear()
        self._hosts[domain] = tuple(server.host for server in servers)
        return servers

    def _in_order(self, servers: list[MailServer]) -> list[MailServer]:
        """By preference, at random among equals: the receiver's servers share our mail."""
        ordered: list[MailServer] = []
        for _preference, group in groupby(sorted(servers, key=_preference_of), key=_preference_of):
            equals = list(group)
            self._shuffle(equals)
            ordered += equals
        return ordered

    def _is_allowed(self, address: str) -> bool:
        if self._allow_private:
            return True
        parsed = ipaddress.ip_address(address)
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return (mapped or parsed).is_global and not (mapped or parsed).is_multicast

    def _known_trouble(self, address: str) -> SendResult | None:
        until, trouble = self._dead.get(address, (0.0, None))
        return trouble if until > asyncio.get_running_loop().time() else None

    def _note(self, address: str, trouble: SendResult) -> None:
        if trouble.slow_down:
            # It lives and asks for less.
            return
        if len(self._dead) >= MAXIMUM_DEAD:
            self._dead.clear()
        self._dead[address] = (asyncio.get_running_loop().time() + DEAD_SECONDS, trouble)


def _preference_of(server: MailServer) -> int:
    return server.preference


def _literal(domain: str) -> str:
    """The address in an address literal ([192.0.2.1], [IPv6:2001:db8::1]); empty when it is none."""
    if not (domain.startswith("[") and domain.endswith("]")):
        return ""
    text = domain[1:-1]
    try:
        return str(ipaddress.ip_address(text[5:] if text[:5].lower() == "ipv6:" else text))
    except ValueError:
        return ""
