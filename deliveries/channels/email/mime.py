"""One message as bytes: a skeleton compiled once per content version, filled for each recipient."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import minijinja
from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from common.tokens import signer
from deliveries.channels.base import Message, NothingToSend, OutgoingRow, RenderingFailed
from deliveries.channels.email import headers
from deliveries.channels.email.addresses import BOUNCE, MESSAGE, UNSUBSCRIPTION, wire_address
from deliveries.channels.email.body import Body, Fields, Token, lay_body
from deliveries.channels.email.conditional import Conditional
from deliveries.channels.email.dkim import relaxed_blanks
from deliveries.channels.email.head import (
    DATE,
    MESSAGE_ID,
    UNSUBSCRIPTION_MAIL,
    Head,
    common_headers,
    list_headers,
)
from deliveries.channels.email.return_domain import return_domain
from deliveries.channels.email.skeleton import Skeleton
from deliveries.content.analysis import ADDED
from deliveries.content.chunks import TooLong
from deliveries.content.links import MESSAGE_URLS, click_url, open_url
from deliveries.content.personalisation import Personaliser, where
from deliveries.content.segments import with_pixel
from deliveries.models import ContentVersion, Delivery, TrackedUrl
from deliveries.models.settings import SendingFields
from deliveries.signing_keys import signer_for

# "=_" never occurs in quoted-printable text, so no body can hold the boundary.
BOUNDARY = "=_diffusion_alternative"
MAXIMUM_SIZE = 20_000_000
_QP_UTF8 = "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT_HEAD = f"Content-Type: text/plain; {_QP_UTF8}".encode("ascii")
_HTML_HEAD = f"Content-Type: text/html; {_QP_UTF8}".encode("ascii")
_OPENING = f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode("ascii")
_FIRST = f"--{BOUNDARY}\r\n".encode("ascii")
_NEXT = f"\r\n--{BOUNDARY}\r\n".encode("ascii")
_CLOSING = f"\r\n--{BOUNDARY}--\r\n".encode("ascii")
_NOTHING: Mapping[str, Any] = {}

Clock = Callable[[], float]


class EmailRenderer:
    """Renders the broadlogs of one delivery with one content version. `now`: seconds since the epoch."""

    def __init__(self, delivery: Delivery, version: ContentVersion, *, now: Clock = time.time) -> None:
        self._version = version
        self._now = now
        self._dated: tuple[int, bytes] = (0, b"")
        self._explained: dict[tuple[str | int, ...], str] = {}
        self._from_address = wire_address(version.from_email or default_sender())
        self._domain = self._from_address.rpartition("@")[2]
        self._signer = signer_for(self._domain)
        self._return_domain = return_domain()
        self._sender_domain = self._return_domain or self._domain
        self._about = {"id": delivery.pk, "label": delivery.label}
        self._personaliser = Personaliser(_sources(version), self._about)
        needs = self._personaliser.needs
        # The name in To is read whatever the content says.
        self.fields = frozenset(needs.fields["recipient"] | {"first_name", "last_name"})
        self.reads_added = bool(needs.fields[ADDED])
        self._highest_link = _highest_link(version)
        self._lay(delivery)

    def render(self, row: OutgoingRow) -> Message:
        try:
            address = wire_address(row.address)
        except ValueError as error:
            raise RenderingFailed(str(error)) from None
        number, recipient, added = row.broadlog_id, row.recipient, row.added or _NOTHING
        values = self._tokens(number)
        bounce = values[self._bounce].decode()
        values += self._fields.pieces(recipient, added)
        values += [line(row, address) for line in self._lines]
        values.append(self._date())
        if self._conditionals:
            self._render_conditionals(row, values)
        return Message(
            number,
            f"b+{bounce}@{self._sender_domain}",
            address,
            self._content(values),
            needs_smtputf8=not (address.isascii() and self._from_address.isascii()),
            wire_ready=True,
        )

    def _lay(self, delivery: Delivery) -> None:
        head_skeleton, body_skeleton = Skeleton(), Skeleton()
        head = self._lay_head(head_skeleton, delivery)
        bodies = self._lay_bodies(head_skeleton, body_skeleton)
        self._conditionals = {body.part: Conditional(body.chunks, self._about) for body in bodies if body.chunks}
        places = [place for body in bodies for place in body.chunk_places]
        inside = [token for conditional in self._conditionals.values() for token in conditional.tokens]
        outside = head_skeleton.places_of(Token) + body_skeleton.places_of(Token)
        self._token_keys = list(dict.fromkeys([*outside, *inside]))
        opaque = {BOUNCE: "bounce", MESSAGE: MESSAGE_ID, UNSUBSCRIPTION: UNSUBSCRIPTION_MAIL}
        if not self._return_domain:
            del opaque[UNSUBSCRIPTION]
        self._tokens = signer([(token.kind, token.number) for token in self._token_keys], list(opaque))
        self._bounce = len(self._token_keys)
        self._fields = Fields([value for body in bodies for value in body.values])
        self._lines = list(head.lines.values())
        keys = [*self._token_keys, *opaque.values(), *self._fields.values, *head.lines, DATE, *places]
        self._fill_head, self._fill_body = head_skeleton.filler(keys), body_skeleton.filler(keys)
        self._fill_relaxed = body_skeleton.filler(keys, relaxed_blanks)
        self._fill = head_skeleton.followed_by(body_skeleton).filler(keys)

    def _lay_head(self, skeleton: Skeleton, delivery: Delivery) -> Head:
        head = Head(skeleton, self._version, self._from_address, self._render_part)
        head.message_id(self._domain)
        if delivery.priority != SendingFields.Priority.TRANSACTIONAL:
            head.unsubscription(self._return_domain)
            head.constant(list_headers(delivery, self._domain))
        head.constant(common_headers(delivery, self._domain))
        return head

    def _lay_bodies(self, head: Skeleton, skeleton: Skeleton) -> list[Body]:
        if not self._version.compiled_html.strip():
            head.text(_TEXT_HEAD)
            return [self._lay_body(skeleton, "text", self._version.compiled_text)]
        head.text(_OPENING)
        skeleton.text(_FIRST + _TEXT_HEAD)
        text = self._lay_body(skeleton, "text", self._version.compiled_text)
        skeleton.text(_NEXT + _HTML_HEAD)
        html = with_pixel(self._version.compiled_html, self._version.tracking_enabled)
        bodies = [text, self._lay_body(skeleton, "html", html)]
        skeleton.text(_CLOSING)
        return bodies

    def _lay_body(self, skeleton: Skeleton, part: str, source: str) -> Body:
        body = lay_body(skeleton, part, source, self._about)
        skeleton.end_line()
        return body

    def _render_conditionals(self, row: OutgoingRow, values: list[bytes]) -> None:
        tokens = dict(zip(self._token_keys, values, strict=False))
        for part, conditional in self._conditionals.items():
            try:
                values += conditional.render(row, tokens)
            except NothingToSend:
                raise
            except Exception as error:
                raise RenderingFailed(self._explain(part, row, error)) from error

    def _explain(self, part: str, row: OutgoingRow, error: Exception) -> str:
        """The part as it was written, rendered again, tells at which line. Raises NothingToSend.

        What asks for too much takes long to fail: at one place once, for all recipients.
        """
        place = (part, *_excess(error))
        if place in self._explained:
            return self._explained[place]
        reason = self._failure_of(part, row) or where(part, 0) + str(error)
        if len(place) > 1:
            self._explained[place] = reason
        return reason

    def _failure_of(self, part: str, row: OutgoingRow) -> str:
        try:
            self._render_part(part, row)
        except RenderingFailed as error:
            return str(error)
        return ""

    def _render_part(self, part: str, row: OutgoingRow) -> str:
        """One part whole and plain, by the engine alone."""
        number = row.broadlog_id
        urls = {name: make(number) for name, make in MESSAGE_URLS.items()}
        links = [click_url(number, link) for link in range(self._highest_link + 1)]
        pixel = open_url(number) if self._version.tracking_enabled else ""
        context = self._personaliser.context(row.recipient, urls, links, pixel, added=row.added)
        return self._personaliser.render(part, context)

    def _date(self) -> bytes:
        second = int(self._now())
        if second != self._dated[0]:
            self._dated = (second, headers.structured("Date", format_datetime(datetime.fromtimestamp(second, UTC))))
        return self._dated[1]

    def _content(self, values: list[bytes]) -> bytes:
        if self._signer is None:
            return self._checked(self._fill(values))
        head, body = self._fill_head(values), self._checked(self._fill_body(values))
        # Pieces are whole lines without blanks at their end: relaxed one by one, they make the relaxed body.
        relaxed = [relaxed_blanks(value) if b"  " in value or b"\t" in value else value for value in values]
        return self._signer.sign_parts(head, body, self._fill_relaxed(relaxed))

    def _checked(self, content: bytes) -> bytes:
        if len(content) > MAXIMUM_SIZE:
            raise RenderingFailed(_("The message exceeds 20 MB."))
        return content


def _excess(error: Exception) -> tuple[str, int] | tuple[()]:
    """Where the engine had done or written more than a message may; empty for any other error."""
    if isinstance(error, TooLong):
        return "TooLong", 0
    if isinstance(error, minijinja.TemplateError) and error.kind == "OutOfFuel":
        return error.kind, error.line or 0
    return ()


def default_sender() -> str:
    """Where messages come from when their content names no sender: the installation's own host."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"no-reply@{host if '.' in host else 'localhost.localdomain'}"


def _sources(version: ContentVersion) -> dict[str, str]:
    return {
        "subject": version.subject,
        "html": version.compiled_html,
        "text": version.compiled_text,
        "from_name": version.from_name,
        "reply_to": version.reply_to,
    }


def _highest_link(version: ContentVersion) -> int:
    links = version.tracked_urls.filter(kind=TrackedUrl.Kind.CLICK)
    return links.aggregate(highest=Max("number"))["highest"] or 0
