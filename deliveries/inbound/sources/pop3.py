"""A mailbox read by POP3. The server deletes what was forgotten when we take our leave, so a kill deletes nothing."""

from __future__ import annotations

import base64
import poplib
import ssl
from collections.abc import Iterator, Sequence

from deliveries.inbound.sources.base import MAXIMUM_BYTES, PATIENCE, Fetched, mail_sources
from deliveries.inbound.sources.mailbox import MailboxSource

# Of a mail that is too large, its headers and so many lines are read.
LINES_OF_A_LARGE_MAIL = 5000


@mail_sources.register("pop3")
class Pop3Source(MailboxSource[poplib.POP3]):
    refusals = (poplib.error_proto, ValueError)

    def open(self, trust: ssl.SSLContext | None) -> poplib.POP3:
        address = self.address
        if trust is None:
            return poplib.POP3(address.host, address.port, timeout=PATIENCE)
        return poplib.POP3_SSL(address.host, address.port, context=trust, timeout=PATIENCE)

    def encrypt(self, server: poplib.POP3, trust: ssl.SSLContext) -> None:
        server.stls(trust)

    def enter(self, server: poplib.POP3, user: str, password: str) -> None:
        server.user(user)
        server.pass_(password)

    def enter_with_token(self, server: poplib.POP3, token: bytes) -> None:
        # RFC 5034: a token is too long for the line of the command. What is neither +OK nor -ERR asks for more.
        _say(server, "AUTH XOAUTH2")
        answer = _say(server, base64.b64encode(token).decode())
        if not answer.startswith(b"+OK"):
            _say(server, "")

    def mails(self) -> Iterator[Fetched]:
        listed = [_listed(line) for line in self.server.list()[1]]
        return (Fetched(number, self._content(number, size)) for number, size in listed)

    def forget(self, handles: Sequence[str]) -> None:
        if self.address.keeps:
            return
        with self.failures():
            for number in handles:
                self.server.dele(int(number))

    def leave(self, server: poplib.POP3) -> None:
        server.quit()

    def _content(self, number: str, size: int) -> bytes:
        large = size > MAXIMUM_BYTES
        lines = self.server.top(int(number), LINES_OF_A_LARGE_MAIL)[1] if large else self.server.retr(int(number))[1]
        return b"\r\n".join([*lines, b""])[:MAXIMUM_BYTES]


def _say(server: poplib.POP3, words: str) -> bytes:
    """poplib has no name for this. Raises error_proto for -ERR."""
    answer: bytes = server._shortcmd(words)  # type: ignore[attr-defined]
    return answer


def _listed(line: bytes) -> tuple[str, int]:
    number, size = line.split()[:2]
    return number.decode(), int(size)
