"""Which servers take mail for a domain, and their addresses: asked once at a time, kept as long as the answer says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from django.utils.translation import gettext as _

KEPT_AT_LEAST, KEPT_AT_MOST = 60.0, 86400.0
# A trouble is asked about again soon, but not for every message.
TROUBLE_KEPT = 15.0
QUERY_SECONDS, LOOKUP_SECONDS = 4.0, 12.0
MAXIMUM_ENTRIES = 100_000
PORT = 53


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    preference: int


class NoMail(Exception):
    """Nobody receives mail at the domain, and that is certain."""


class LookupFailed(Exception):
    """No answer for now: nothing is known of the domain."""


class Lookups(Protocol):
    async def mail_servers(self, domain: str) -> list[MailServer]:
        """Raises NoMail or LookupFailed; without an MX record the domain is its own server (RFC 5321 §5.1)."""

    async def addresses(self, host: str) -> list[str]:
        """IPv4 first; empty when there is none. Raises LookupFailed."""


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    answer: Any = None
    error: NoMail | LookupFailed | None = None


class Dns:
    """Lookups in the DNS. `server` is the resolver as address or address:port; empty: those of the system."""

    def __init__(self, server: str = "", *, seconds: float = LOOKUP_SECONDS) -> None:
        self._server = server
        self._seconds = seconds
        self._resolver: dns.asyncresolver.Resolver | None = None
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._under_way: dict[tuple[str, str], asyncio.Task[_Kept]] = {}

    async def mail_servers(self, domain: str) -> list[MailServer]:
        found: list[MailServer] = await self._once(("MX", domain), lambda: self._ask_mail_servers(domain))
        return found

    async def addresses(self, host: str) -> list[str]:
        found: list[str] = await self._once(("A", host), lambda: self._ask_addresses(host))
        return found

    # Once for all who ask at the same time

    async def _once(self, key: tuple[str, str], ask: Callable[[], Awaitable[tuple[Any, float]]]) -> Any:
        kept = self._kept.get(key)
        if kept is None or kept.until <= asyncio.get_running_loop().time():
            task = self._under_way.get(key)
            if task is None:
                task = self._under_way[key] = asyncio.create_task(self._keep(key, ask))
            # Whoever gives up waiting leaves the lookup to the others.
            kept = await asyncio.shield(task)
        if kept.error is not None:
            raise kept.error.with_traceback(None)
        return kept.answer

    async def _keep(self, key: tuple[str, str], ask: Callable[[], Awaitable[tuple[Any, float]]]) -> _Kept:
        answer: Any = None
        error: NoMail | LookupFailed | None = None
        try:
            answer, seconds = await ask()
        except NoMail as refusal:
            error, seconds = refusal, KEPT_AT_LEAST
        except LookupFailed as trouble:
            error, seconds = trouble, TROUBLE_KEPT
        finally:
            self._under_way.pop(key, None)
        kept = _Kept(asyncio.get_running_loop().time() + seconds, answer, error)
        if len(self._kept) >= MAXIMUM_ENTRIES:
            self._kept.clear()
        self._kept[key] = kept
        return kept

    # Questions

    async def _ask_mail_servers(self, domain: str) -> tuple[list[MailServer], float]:
        records = await self._query(domain, "MX")
        if records is None:
            raise NoMail(_("The domain %(domain)s does not exist.") % {"domain": domain})
        if not records:
            return await self._own_server(domain)
        servers = [MailServer(_host_of(record.exchange), record.preference) for record in records]
        named = [server for server in servers if server.host]
        if not named:
            # RFC 7505: a single MX without a name.
            raise NoMail(_("The domain %(domain)s says that it takes no mail (null MX).") % {"domain": domain})
        return named, _bounded(records)

    async def _own_server(self, domain: str) -> tuple[list[MailServer], float]:
        if not await self.addresses(domain):
            raise NoMail(_("The domain %(domain)s has neither a mail server nor an address.") % {"domain": domain})
        return [MailServer(domain, 0)], KEPT_AT_LEAST

    async def _ask_addresses(self, host: str) -> tuple[list[str], float]:
        answers = await asyncio.gather(self._query(host, "A"), self._query(host, "AAAA"), return_exceptions=True)
        found = [answer for answer in answers if answer and not isinstance(answer, BaseException)]
        if not found:
            for answer in answers:
                if isinstance(answer, BaseException):
                    raise answer
            return [], KEPT_AT_LEAST
        return [record.address for answer in found for record in answer], min(map(_bounded, found))

    async def _query(self, name: str, kind: str) -> Any | None:
        """The records; an empty list when there are none of this kind, None when there is no such name."""
        try:
            return await self._resolver_now().resolve(dns.name.from_text(name), kind, search=False)
        except dns.resolver.NXDOMAIN:
            return None
        except dns.resolver.NoAnswer:
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape):
            return None
        except (dns.exception.DNSException, OSError) as error:
            words = {"domain": name, "reason": error}
            raise LookupFailed(_("The DNS does not answer for %(domain)s: %(reason)s") % words) from None

    def _resolver_now(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._server)
            if self._server:
                host, port = _read_server(self._server)
                resolver.nameservers, resolver.port = [host], port
            resolver.timeout, resolver.lifetime = min(QUERY_SECONDS, self._seconds), self._seconds
            self._resolver = resolver
        return self._resolver


def _host_of(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if len(name.labels) > 1 else ""


def _bounded(answer: Any) -> float:
    return float(min(max(answer.chaining_result.minimum_ttl, KEPT_AT_LEAST), KEPT_AT_MOST))


def _read_server(server: str) -> tuple[str, int]:
    """`address`, `address:port` or `[address]:port`."""
    host, colon, port = server.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return server.strip("[]"), PORT
