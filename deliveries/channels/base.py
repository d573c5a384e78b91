"""The contract of a channel: which address it uses, how it renders, how it sends."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

from django.db.models import Expression, F, Q

from deliveries.models import Affinity, ContentVersion, Delivery, Route
from recipients.vocabulary import FailureReason, FailureType


class RenderingFailed(Exception):
    """This recipient's message can't be made; the text names the part, line and field."""


class NothingToSend(Exception):
    """The content says that this recipient gets nothing ({% skip %})."""


class OutgoingRow(NamedTuple):
    """One broadlog to render. `recipient` holds plain values only (no model instance ever reaches a template):
    at least those of the renderer's `fields`."""

    broadlog_id: int
    address: str
    recipient: Mapping[str, Any]
    # What the workflow added to the person.
    added: Mapping[str, Any] | None = None


class Message(NamedTuple):
    """One rendered message. `content` is what goes on the wire before dot-stuffing: CRLF lines, CRLF at its end."""

    broadlog_id: int
    sender: str
    address: str
    content: bytes
    needs_smtputf8: bool = False
    # The content may leave as it is: CRLF lines only, no NUL, and no line begins with a dot.
    wire_ready: bool = False


class Renderer(Protocol):
    # The columns of Recipient (attnames) that rendering reads; a row may bring more.
    fields: frozenset[str]
    # Whether it reads what the workflow added to the person.
    reads_added: bool

    def render(self, row: OutgoingRow) -> Message:
        """Raises RenderingFailed or NothingToSend for this row alone."""


class Result(enum.Enum):
    ACCEPTED = "accepted"  # 2xx after the dot
    REFUSED = "refused"  # refused for good: this address or this message
    DEFERRED = "deferred"  # refused for now: try again later
    UNSENT = "unsent"  # certainly not delivered, through no fault of the recipient (no connection, server closing)
    IN_DOUBT = "in_doubt"  # the final dot left and no reply came

    # Members are single: their identity is enough, and looked up once a message.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class SendResult:
    result: Result
    failure_type: FailureType | None = None
    failure_reason: FailureReason | None = None
    detail: str = ""
    # The fault is ours wherever we send to (credentials, no server): the route is paused with this reason.
    route_fault: str = field(default="")
    # The fault is ours in the eyes of this receiver (sender refused, DNSBL): its group is paused, nobody is blamed.
    receiver_fault: str = field(default="")
    # The receiver asks for less (421, 4.7.x): its rate is lowered.
    slow_down: bool = False


class Outbox(Protocol):
    """Where a session takes its messages from and where it says what became of them."""

    # The receiving domain (lower case, A-labels) that this session serves; "" where one server takes all of them.
    destination: str

    @property
    def ending(self) -> bool:
        """Whether the session shall end soon: it does not rest any longer."""

    def take(self) -> Message | None:
        """The next message if one is here now; None says nothing about later."""

    async def next(self) -> Message | None:
        """The next message; None when the session shall end (after QUIT)."""

    def allowance(self) -> int | None:
        """How many messages one connection may carry, by the receiver's limits; None: by the route's alone."""

    def intend(self, message: Message, session: int) -> bool:
        """Journal that the final dot is about to leave. False: it must not leave (stopped, lease lost)."""

    def record(self, message: Message, result: SendResult, session: int) -> None:
        """Journal the outcome. Called exactly once for each message taken."""


class Connector(ABC):
    """Sends messages over one route. One instance per sender process and route."""

    # Whether each session serves one receiving domain, named by its outbox (the direct way to mail servers).
    by_domain: ClassVar[bool] = False

    @abstractmethod
    async def run_session(self, session: int, outbox: Outbox) -> None:
        """Take messages from the outbox until it answers None; connections are kept and remade as needed.

        Never raises for a fault of the server or of the network: every message taken gets its `record`.
        On cancellation the messages whose dot has left are recorded IN_DOUBT, the others UNSENT.
        """

    def mail_servers_of(self, domain: str) -> Sequence[str]:
        """The host names of the domain's mail servers as far as they were looked up; never waits."""
        return ()


class Channel(ABC):
    code: ClassVar[str]
    label: ClassVar[Any]
    # Broadlog addresses and quarantine keys are compared in lower case.
    denylist_field: ClassVar[str]
    # Whether its routes lead to mail servers, which can be tried without sending anything.
    routes_can_be_tried: ClassVar[bool] = False

    @abstractmethod
    def address(self) -> F | Expression:
        """Expression over Recipient: the address as stored in the broadlog (case kept, trimmed)."""

    @abstractmethod
    def address_key(self) -> F | Expression:
        """Expression over Recipient: the address as compared (duplicates, quarantine)."""

    @abstractmethod
    def invalid_address(self) -> Q:
        """Condition over Recipient: an address is there and can't be one."""

    @abstractmethod
    def check_address(self, address: str) -> str:
        """The address in its stored form, or ValueError with a sentence. Used for proofs and imports."""

    @abstractmethod
    def renderer(self, delivery: Delivery, version: ContentVersion) -> Renderer: ...

    @abstractmethod
    def connector(self, route: Route, affinity: Affinity | None = None) -> Connector:
        """The affinity says from which address the messages leave."""
