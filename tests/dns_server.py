"""A DNS server on loopback that answers from a table, refuses or keeps silent; it counts what it is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SERVFAIL = "SERVFAIL"
SILENT = "silent"
# Name → type → values. A name with SERVFAIL or SILENT instead of its records has that trouble; others do not exist.
Zones = Mapping[str, Mapping[str, list[str]] | str]


@dataclass
class DnsServer:
    zones: Zones
    ttl: int = 300
    # (name, type) → how often it was asked
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    address: str = ""

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        records = self.zones.get(name)
        if records == SILENT:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if isinstance(records, str):
            response.set_rcode(dns.rcode.SERVFAIL)
        elif records is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif kind in records:
            response.answer.append(dns.rrset.from_text_list(question.name, self.ttl, "IN", kind, records[kind]))
        return response.to_wire()


@contextlib.contextmanager
def dns_server(zones: Zones, ttl: int = 300) -> Iterator[DnsServer]:
    """A running server; `address` is what DNS_SERVER takes."""
    server = DnsServer(zones, ttl)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        host, port = listening.getsockname()
        server.address = f"{host}:{port}"
        thread = threading.Thread(target=_serve, args=(server, listening), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            # An empty datagram ends it.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", (host, port))
            thread.join(5)


def _serve(server: DnsServer, listening: socket.socket) -> None:
    while True:
        wire, sender = listening.recvfrom(4096)
        if not wire:
            return
        answer = server.answer(wire)
        if answer is not None:
            listening.sendto(answer, sender)
