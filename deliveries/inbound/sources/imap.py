"""A mailbox read by IMAP: UIDs name the mails; they are deleted, or marked as read where the address says `keep`."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from deliveries.inbound.sources.base import MAXIMUM_BYTES, PATIENCE, Fetched, SourceFailed, mail_sources
from deliveries.inbound.sources.mailbox import MailboxSource

AT_ONCE = 20
# An answer is one line, and imaplib reads no line beyond a million bytes.
SEARCHED_AT_ONCE = 20_000
_UID = re.compile(rb"\bUID (\d+)")


@mail_sources.register("imap")
class ImapSource(MailboxSource[imaplib.IMAP4]):
    refusals = (imaplib.IMAP4.error,)
    _number = 0

    def connect(self) -> None:
        super().connect()
        with self.failures():
            self._number = int(_expect(self.server.select(_quoted(self.address.folder)))[0] or 0)

    def open(self, trust: ssl.SSLContext | None) -> imaplib.IMAP4:
        address = self.address
        if trust is None:
            return imaplib.IMAP4(address.host, address.port, timeout=PATIENCE)
        return imaplib.IMAP4_SSL(address.host, address.port, ssl_context=trust, timeout=PATIENCE)

    def encrypt(self, server: imaplib.IMAP4, trust: ssl.SSLContext) -> None:
        server.starttls(trust)

    def enter(self, server: imaplib.IMAP4, user: str, password: str) -> None:
        server.login(user, password)

    def enter_with_token(self, server: imaplib.IMAP4, token: bytes) -> None:
        # A second challenge says why the token is refused; after an empty answer the server ends the dialogue.
        server.authenticate("XOAUTH2", lambda challenge: b"" if challenge else token)

    def mails(self) -> Iterator[Fetched]:
        wanted = "UNSEEN UNDELETED" if self.address.keeps else "UNDELETED"
        uids: list[str] = []
        for first in range(1, self._number + 1, SEARCHED_AT_ONCE):
            last = min(first + SEARCHED_AT_ONCE - 1, self._number)
            found = _expect(self.server.uid("SEARCH", f"{first}:{last}", wanted))[0] or b""
            uids += [uid.decode() for uid in found.split()]
        return self._contents(uids)

    def forget(self, handles: Sequence[str]) -> None:
        if not handles:
            return
        with self.failures():
            uids = ",".join(handles)
            mark = "(\\Seen)" if self.address.keeps else "(\\Deleted)"
            _expect(self.server.uid("STORE", uids, "+FLAGS.SILENT", mark))
            if not self.address.keeps:
                self._expunge(uids)

    def leave(self, server: imaplib.IMAP4) -> None:
        server.logout()

    def _contents(self, uids: Sequence[str]) -> Iterator[Fetched]:
        """Several an answer, since answers take their time; one that is gone is left out. Reading marks nothing."""
        for start in range(0, len(uids), AT_ONCE):
            wanted = ",".join(uids[start : start + AT_ONCE])
            answer = _expect(self.server.uid("FETCH", wanted, f"(UID BODY.PEEK[]<0.{MAXIMUM_BYTES}>)"))
            for part in answer:
                found = _UID.search(part[0]) if isinstance(part, tuple) else None
                if found is not None:
                    yield Fetched(found.group(1).decode(), part[1])

    def _expunge(self, uids: str) -> None:
        # Without UIDPLUS everything marked as deleted goes, as any mail program would do.
        if "UIDPLUS" in self.server.capabilities:
            _expect(self.server.uid("EXPUNGE", uids))
        else:
            _expect(self.server.expunge())


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise SourceFailed(_("The mailbox answered: %(answer)s") % {"answer": _words(data)})
    return data


def _words(data: list[Any]) -> str:
    return b" ".join(part for part in data if isinstance(part, bytes)).decode(errors="replace")[:500]
