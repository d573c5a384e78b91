"""What IMAP and POP3 share: an encrypted connection, the way in, and in words what goes wrong."""

from __future__ import annotations

import contextlib
import ssl
from abc import abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

from django.utils.translation import gettext as _

from common.sql import truncate_error
from deliveries.inbound.sources.address import SourceAddress
from deliveries.inbound.sources.base import Fetched, MailSource, SourceFailed, collect
from deliveries.models.route import Authentication

Server = TypeVar("Server")


class MailboxSource(MailSource, Generic[Server]):
    """A protocol says how to open, encrypt, enter and leave, and which mails there are."""

    # What the protocol's library raises when the server refuses.
    refusals: tuple[type[Exception], ...] = ()

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._opened: Server | None = None
        self._mails: Iterator[Fetched] | None = None

    def connect(self) -> None:
        with self.failures():
            trust = ssl.create_default_context()
            self._opened = self.open(trust if self.address.tls == "implicit" else None)
            if self.address.tls == "required":
                self.encrypt(self._opened, trust)
            if self.address.authentication == Authentication.XOAUTH2:
                token = f"user={self.address.username}\1auth=Bearer {self.address.password}\1\1"
                self.enter_with_token(self._opened, token.encode())
            elif self.address.username:
                self.enter(self._opened, self.address.username, self.address.password)

    def fetch(self, limit: int) -> list[Fetched]:
        with self.failures():
            if self._mails is None:
                self._mails = self.mails()
            return collect(self._mails, limit)

    def close(self) -> None:
        server, self._opened = self._opened, None
        if server is not None:
            with contextlib.suppress(OSError, *self.refusals):
                self.leave(server)

    @property
    def server(self) -> Server:
        if self._opened is None:
            raise SourceFailed(_("The connection to the mailbox is closed."))
        return self._opened

    @abstractmethod
    def open(self, trust: ssl.SSLContext | None) -> Server:
        """Connect, encrypted from the first byte if there is a context."""

    @abstractmethod
    def encrypt(self, server: Server, trust: ssl.SSLContext) -> None:
        """Raise rather than go on in clear."""

    @abstractmethod
    def enter(self, server: Server, user: str, password: str) -> None: ...

    @abstractmethod
    def enter_with_token(self, server: Server, token: bytes) -> None:
        """XOAUTH2; `token` is the whole answer, not yet in base64."""

    @abstractmethod
    def mails(self) -> Iterator[Fetched]:
        """The mails that are there now, read as they are asked for."""

    @abstractmethod
    def leave(self, server: Server) -> None: ...

    @contextlib.contextmanager
    def failures(self) -> Iterator[None]:
        where = {"host": self.address.host, "port": self.address.port}
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            sentence = _("%(host)s:%(port)s shows a certificate that is not trusted: %(error)s")
            raise SourceFailed(sentence % {**where, "error": error.verify_message}) from error
        except Exception as error:
            if not isinstance(error, (OSError, *self.refusals)):
                raise
            sentence = _("%(host)s:%(port)s: %(error)s")
            raise SourceFailed(sentence % {**where, "error": truncate_error(error, 500)}) from error
