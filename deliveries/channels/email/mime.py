"""One message as bytes: a skeleton compiled once per content version, filled for each recipient."""

from __future__ import annotations

from binascii import b2a_qp
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from deliveries.channels.base import Message, OutgoingRow, RenderingFailed
from deliveries.channels.email import headers
from deliveries.channels.email.addresses import bounce_address, message_id, wire_address
from deliveries.content.links import MESSAGE_URLS, click_url, open_url, unsubscribe_url
from deliveries.content.personalisation import Personaliser
from deliveries.models import ContentVersion, Delivery, TrackedUrl

# "=_" never occurs in quoted-printable text, so no body can hold the boundary.
BOUNDARY = "=_diffusion_alternative"
_QP_UTF8 = "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT_HEAD = f"Content-Type: text/plain; {_QP_UTF8}".encode("ascii")
_HTML_HEAD = f"Content-Type: text/html; {_QP_UTF8}".encode("ascii")
_OPENING = f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode("ascii")
_FIRST = f"--{BOUNDARY}\r\n".encode("ascii")
_NEXT = f"\r\n--{BOUNDARY}\r\n".encode("ascii")
_CLOSING = f"\r\n--{BOUNDARY}--\r\n".encode("ascii")

Clock = Callable[[], datetime]


class EmailRenderer:
    """Renders the broadlogs of one delivery with one content version."""

    def __init__(self, delivery: Delivery, version: ContentVersion, *, now: Clock = timezone.now) -> None:
        self._version = version
        self._now = now
        self._dated: tuple[int, bytes] = (0, b"")
        self._from_address = wire_address(version.from_email or default_sender())
        self._domain = self._from_address.rpartition("@")[2]
        self._tracked = version.tracking_enabled
        self._links = _click_numbers(version)
        self._constant = _constant_headers(delivery, self._domain)
        self._personaliser = Personaliser(
            {
                "subject": version.subject,
                "html": version.compiled_html,
                "text": version.compiled_text,
                "from_name": version.from_name,
                "reply_to": version.reply_to,
            },
            {"id": delivery.pk, "label": delivery.label},
        )
        self._message_urls = sorted(self._personaliser.needs.fields["message"])

    def render(self, row: OutgoingRow) -> Message:
        try:
            address = wire_address(row.address)
        except ValueError as error:
            raise RenderingFailed(str(error)) from None
        context = self._context(row)
        content = self._head(row, address, context) + self._body(context)
        return Message(
            broadlog_id=row.broadlog_id,
            sender=bounce_address(row.broadlog_id, self._domain),
            address=address,
            content=content,
            needs_smtputf8=not address.isascii() or not self._from_address.isascii(),
        )

    def _head(self, row: OutgoingRow, address: str, context: dict[str, Any]) -> bytes:
        render = self._personaliser.render
        unsubscribe = unsubscribe_url(row.broadlog_id)
        lines = [
            headers.mailbox("From", render("from_name", context), self._from_address),
            headers.mailbox("To", _full_name(row), address),
            self._reply_to(render("reply_to", context)),
            headers.unstructured("Subject", render("subject", context)),
            self._date(),
            headers.structured("Message-ID", message_id(row.broadlog_id, self._domain)),
            headers.structured("List-Unsubscribe", f"<{unsubscribe}>"),
            self._constant,
        ]
        return b"".join(lines)

    def _context(self, row: OutgoingRow) -> dict[str, Any]:
        number = row.broadlog_id
        urls = {name: MESSAGE_URLS[name](number) for name in self._message_urls}
        links = [click_url(number, link) if link else "" for link in self._links]
        pixel = open_url(number) if self._tracked else ""
        return self._personaliser.context(row.recipient, urls, links, pixel)

    def _reply_to(self, value: str) -> bytes:
        if not value.strip():
            return b""
        try:
            return headers.mailbox("Reply-To", "", wire_address(headers.clean(value)))
        except ValueError:
            # A reply address made of one recipient's data can be wrong: their message still leaves.
            return b""

    def _date(self) -> bytes:
        now = self._now()
        second = int(now.timestamp())
        if second != self._dated[0]:
            self._dated = (second, headers.structured("Date", format_datetime(now)))
        return self._dated[1]

    def _body(self, context: dict[str, Any]) -> bytes:
        text = _quoted_printable(self._personaliser.render("text", context))
        if not self._version.compiled_html.strip():
            return _TEXT_HEAD + text
        html = _quoted_printable(self._personaliser.render("html", context))
        return b"".join((_OPENING, _FIRST, _TEXT_HEAD, text, _NEXT, _HTML_HEAD, html, _CLOSING))


def default_sender() -> str:
    """Where messages come from when their content names no sender: the installation's own host."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"no-reply@{host if '.' in host else 'localhost.localdomain'}"


def _click_numbers(version: ContentVersion) -> list[int]:
    """Position = number: the markers index this list; numbers of other kinds leave a gap (0)."""
    clicks = set(version.tracked_urls.filter(kind=TrackedUrl.Kind.CLICK).values_list("number", flat=True))
    return [number if number in clicks else 0 for number in range(max(clicks, default=0) + 1)]


def _constant_headers(delivery: Delivery, domain: str) -> bytes:
    list_name = delivery.service.internal_name if delivery.service else f"operation-{delivery.operation_id or 0}"
    feedback = f"{delivery.operation_id or 0}:{delivery.pk}:{delivery.kind}:{domain.replace('.', '-')}"
    values = {
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{list_name}.{domain}>",
        "Feedback-ID": feedback,
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "MIME-Version": "1.0",
    }
    return b"".join(headers.structured(name, value) for name, value in values.items())


def _full_name(row: OutgoingRow) -> str:
    first, last = row.recipient.get("first_name") or "", row.recipient.get("last_name") or ""
    return f"{first} {last}".strip()[:200]


def _quoted_printable(text: str) -> bytes:
    """CRLF lines of at most 76 characters, without a bare CR, LF or NUL; ends with CRLF."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    encoded = b2a_qp(unix.encode("utf-8", "replace"), istext=True)
    return encoded.replace(b"\n", b"\r\n") + (b"" if encoded.endswith(b"\n") else b"\r\n")
