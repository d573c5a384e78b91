"""Small IMAP and POP3 servers in a thread, with as much of the protocols as a reader of mailboxes uses."""

from __future__ import annotations

import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Box:
    """The mails of one mailbox by number, what was marked, who may enter, and who entered."""

    def __init__(
        self, *mails: bytes, user: str = "reader", password: str = "secret", token: bytes = b"", first: int = 1
    ) -> None:
        self.mails = dict(enumerate(mails, first))
        self.seen: set[int] = set()
        self.deleted: set[int] = set()
        self.user = user
        self.password = password
        # The whole answer of XOAUTH2 in base64; empty: any is welcome.
        self.token = token.decode()
        self.tokens: list[str] = []
        # Whether each password or token came encrypted.
        self.encrypted: list[bool] = []

    def expunge(self) -> None:
        for number in self.deleted:
            self.mails.pop(number, None)
        self.deleted.clear()


@contextmanager
def served(
    box: Box,
    handler: type[socketserver.StreamRequestHandler],
    *,
    certificate: Path | None = None,
    implicit: bool = False,
) -> Iterator[int]:
    """Yields the port. With a certificate encryption is offered, or, `implicit`, begins with the first byte."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.box, server.trust, server.implicit = box, None, implicit  # type: ignore[attr-defined]
    if certificate is not None:
        server.trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)  # type: ignore[attr-defined]
        server.trust.load_cert_chain(certificate)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Session(socketserver.StreamRequestHandler):
    def setup(self) -> None:
        super().setup()
        self.is_encrypted = False
        if self.server.implicit:  # type: ignore[attr-defined]
            self.encrypt()

    def handle(self) -> None:
        # A client that refuses our certificate goes away in the middle.
        with contextlib.suppress(OSError):
            self.talk()

    def talk(self) -> None:
        raise NotImplementedError

    @property
    def box(self) -> Box:
        box: Box = self.server.box  # type: ignore[attr-defined]
        return box

    @property
    def offers_encryption(self) -> bool:
        return self.server.trust is not None and not self.is_encrypted  # type: ignore[attr-defined]

    def encrypt(self) -> None:
        with contextlib.suppress(OSError):
            self.connection = self.server.trust.wrap_socket(self.connection, server_side=True)  # type: ignore[attr-defined]
            self.is_encrypted = True
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)

    def takes(self, token: str) -> bool:
        self.box.encrypted.append(self.is_encrypted)
        self.box.tokens.append(token)
        return self.box.token in ("", token)

    def say(self, text: str | bytes) -> None:
        self.wfile.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def lines(self) -> Iterator[str]:
        while line := self.rfile.readline():
            yield line.decode().rstrip("\r\n")


class ImapSession(_Session):
    def talk(self) -> None:
        self.say("* OK ready")
        for line in self.lines():
            tag, _space, rest = line.partition(" ")
            word = rest.split(" ", 1)[0].upper()
            answer: Callable[[str], str] = getattr(self, f"do_{word.lower()}", lambda _rest: "BAD what?")
            self.say(f"{tag} {answer(rest)}")
            if word == "STARTTLS":
                self.encrypt()
            if word == "LOGOUT":
                return

    def do_capability(self, rest: str) -> str:
        self.say(f"* CAPABILITY IMAP4rev1 UIDPLUS AUTH=XOAUTH2{' STARTTLS' if self.offers_encryption else ''}")
        return "OK done"

    def do_starttls(self, rest: str) -> str:
        return "OK go on"

    def do_login(self, rest: str) -> str:
        wanted = f'LOGIN {self.box.user} "{self.box.password}"'
        self.box.encrypted.append(self.is_encrypted)
        return "OK in" if rest == wanted else "NO wrong password"

    def do_authenticate(self, rest: str) -> str:
        self.say("+ ")
        if self.takes(self.rfile.readline().decode().strip()):
            return "OK in"
        # As the large providers do: why, and the end only after another answer.
        self.say("+ eyJzdGF0dXMiOiI0MDAifQ==")
        self.rfile.readline()
        return "NO the token has expired"

    def do_select(self, rest: str) -> str:
        if rest != 'SELECT "INBOX"':
            return "NO there is no such mailbox"
        self.say(f"* {len(self.box.mails)} EXISTS")
        return "OK selected"

    def do_logout(self, rest: str) -> str:
        self.say("* BYE")
        return "OK bye"

    def do_uid(self, rest: str) -> str:
        _uid, verb, arguments = rest.split(" ", 2)
        answer: Callable[[str], Any] = getattr(self, f"uid_{verb.lower()}")
        answer(arguments)
        return "OK done"

    def uid_search(self, arguments: str) -> None:
        first, _colon, last = arguments.partition(" ")[0].partition(":")
        numbers = list(self.box.mails)[int(first) - 1 : int(last)]
        wanted = [number for number in numbers if "UNSEEN" not in arguments or number not in self.box.seen]
        self.say("* SEARCH " + " ".join(str(number) for number in wanted if number not in self.box.deleted))

    def uid_fetch(self, arguments: str) -> None:
        found = re.fullmatch(r"([\d,]+) \(UID BODY\.PEEK\[\]<0\.(\d+)>\)", arguments)
        assert found, arguments
        for number in map(int, found.group(1).split(",")):
            raw = self.box.mails[number][: int(found.group(2))]
            self.say(f"* {number} FETCH (UID {number} BODY[]<0> {{{len(raw)}}}".encode() + b"\r\n" + raw + b")")

    def uid_store(self, arguments: str) -> None:
        numbers, _flags, mark = arguments.split(" ", 2)
        marked = self.box.seen if "Seen" in mark else self.box.deleted
        marked.update(map(int, numbers.split(",")))

    def uid_expunge(self, arguments: str) -> None:
        self.box.expunge()


class Pop3Session(_Session):
    def talk(self) -> None:
        self.say("+OK ready")
        for line in self.lines():
            word, _space, rest = line.partition(" ")
            answer: Callable[[str], None] = getattr(self, f"do_{word.lower()}", lambda _rest: self.say("-ERR what?"))
            answer(rest)
            if word.upper() == "STLS":
                self.encrypt()
            if word.upper() == "QUIT":
                return

    def do_capa(self, rest: str) -> None:
        self.say("+OK\r\nUSER")
        if self.offers_encryption:
            self.say("STLS")
        self.say(".")

    def do_stls(self, rest: str) -> None:
        self.say("+OK go on")

    def do_user(self, rest: str) -> None:
        self.say("+OK")

    def do_pass(self, rest: str) -> None:
        self.box.encrypted.append(self.is_encrypted)
        self.say("+OK" if rest == self.box.password else "-ERR wrong password")

    def do_auth(self, rest: str) -> None:
        self.say("+ ")
        if self.takes(self.rfile.readline().decode().strip()):
            self.say("+OK")
            return
        self.say("+ eyJzdGF0dXMiOiI0MDAifQ==")
        self.rfile.readline()
        self.say("-ERR the token has expired")

    def do_list(self, rest: str) -> None:
        self.say("+OK")
        for number, raw in self.box.mails.items():
            self.say(f"{number} {len(raw)}")
        self.say(".")

    def do_retr(self, rest: str) -> None:
        self.say("+OK")
        self.wfile.write(self.box.mails[int(rest)].replace(b"\r\n.", b"\r\n.."))
        self.say(".")

    def do_dele(self, rest: str) -> None:
        self.box.deleted.add(int(rest))
        self.say("+OK")

    def do_quit(self, rest: str) -> None:
        # Only now: a session that breaks off deletes nothing.
        self.box.expunge()
        self.say("+OK")
