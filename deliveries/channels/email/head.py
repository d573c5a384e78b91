"""The header of a delivery's messages: constant fields laid once, the others as functions of the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deliveries.channels.base import OutgoingRow
from deliveries.channels.email import headers
from deliveries.channels.email.addresses import wire_address
from deliveries.channels.email.body import Token, field_text
from deliveries.channels.email.skeleton import Skeleton
from deliveries.content.links import SIGNED_URLS
from deliveries.content.personalisation import is_template
from deliveries.content.segments import Field, Text, segments
from deliveries.models import Delivery
from deliveries.models.settings import ContentFields, SendingFields

# From the row and its address on the wire.
Line = Callable[[OutgoingRow, str], bytes]
# From a part's name and the row: what the engine makes of it.
Render = Callable[[str, OutgoingRow], str]
# Text, or a function of the recipient and of what the workflow added.
Piece = str | Callable[[Mapping[str, Any], Mapping[str, Any]], str]

DATE, MESSAGE_ID, UNSUBSCRIPTION_MAIL = "Date", "Message-ID", "unsubscription address"
_NOTHING: Mapping[str, Any] = {}


class Head:
    """Writes the header into a skeleton; `lines` are the fields that differ between recipients, by their place."""

    def __init__(self, skeleton: Skeleton, content: ContentFields, from_address: str, render: Render) -> None:
        self.lines: dict[str, Line] = {}
        self._skeleton = skeleton
        self._render = render
        self._personal("From", "from_name", content.from_name, lambda name: headers.mailbox("From", name, from_address))
        self._place("To", _to)
        self._personal("Reply-To", "reply_to", content.reply_to, _reply_to)
        self._personal("Subject", "subject", content.subject, lambda text: headers.unstructured("Subject", text))
        skeleton.place(DATE)

    def message_id(self, domain: str) -> None:
        self._skeleton.text(b"Message-ID: <")
        self._skeleton.place(MESSAGE_ID)
        self._skeleton.text(f"@{domain}>\r\n".encode("ascii"))

    def unsubscription(self, mail_domain: str) -> None:
        """List-Unsubscribe, by mail too where mails to us arrive; one click is enough (RFC 8058)."""
        url = SIGNED_URLS["unsubscribe_url"]
        self._skeleton.text(f"List-Unsubscribe: <{url.start}".encode("ascii"))
        self._skeleton.place(Token(url.kind))
        self._skeleton.text(f"{url.ending}>".encode("ascii"))
        if mail_domain:
            self._skeleton.text(b",\r\n <mailto:u+")
            self._skeleton.place(UNSUBSCRIPTION_MAIL)
            self._skeleton.text(f"@{mail_domain}?subject=unsubscribe>".encode("ascii"))
        self._skeleton.text(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")

    def constant(self, values: Mapping[str, str]) -> None:
        self._skeleton.text(b"".join(headers.structured(name, value) for name, value in values.items()))

    def _place(self, name: str, line: Line) -> None:
        self.lines[name] = line
        self._skeleton.place(name)

    def _personal(self, name: str, part: str, source: str, field: Callable[[str], bytes]) -> None:
        """A field made of one part of the content: at once if it has no personalisation."""
        if not is_template(source):
            self._skeleton.text(field(source))
            return
        pieces = _fields_only(source)
        if pieces is not None and part == "subject":
            self._place(name, _subject(pieces))
        elif pieces is not None:
            self._place(name, lambda row, address: field(_text(pieces, row)))
        else:
            self._place(name, lambda row, address: field(self._render(part, row)))


def list_headers(delivery: Delivery, domain: str) -> dict[str, str]:
    """What tells a mailing from a letter; a transactional message carries none of it."""
    if delivery.priority == SendingFields.Priority.TRANSACTIONAL:
        return {}
    name = delivery.service.internal_name if delivery.service else f"operation-{delivery.operation_id or 0}"
    return {"List-Id": f"<{name}.{domain}>", "Precedence": "bulk"}


def common_headers(delivery: Delivery, domain: str) -> dict[str, str]:
    return {
        "Feedback-ID": f"{delivery.operation_id or 0}:{delivery.pk}:{delivery.kind}:{domain.replace('.', '-')}",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "MIME-Version": "1.0",
    }


def _fields_only(source: str) -> list[Piece] | None:
    """A part as texts and functions of the recipient; None when the engine has to render it."""
    pieces: list[Piece] = []
    for segment in segments(source.replace("\0", "")):
        if isinstance(segment, Text):
            pieces.append(segment.text)
        elif isinstance(segment, Field) and segment.root != "delivery":
            pieces.append(field_text(segment))
        else:
            return None
    return pieces


def _text(pieces: list[Piece], row: OutgoingRow) -> str:
    recipient, added = row.recipient, row.added or _NOTHING
    return "".join([piece if isinstance(piece, str) else piece(recipient, added) for piece in pieces])


def _subject(pieces: list[Piece]) -> Line:
    in_words = headers.in_words("Subject", [piece if isinstance(piece, str) else None for piece in pieces])
    if in_words is None:
        return lambda row, address: headers.unstructured("Subject", _text(pieces, row))
    readers = [piece for piece in pieces if not isinstance(piece, str)]
    return lambda row, address: in_words([read(row.recipient, row.added or _NOTHING) for read in readers])


def _to(row: OutgoingRow, address: str) -> bytes:
    recipient = row.recipient
    name = f"{recipient.get('first_name') or ''} {recipient.get('last_name') or ''}".strip()
    return headers.mailbox("To", name[:200], address)


def _reply_to(value: str) -> bytes:
    if not value.strip():
        return b""
    try:
        return headers.mailbox("Reply-To", "", wire_address(headers.clean(value)))
    except ValueError:
        # A reply address made of one recipient's data can be wrong: their message still leaves.
        return b""
