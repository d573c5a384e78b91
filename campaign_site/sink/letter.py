"""A raw mail as its page shows it: headers, text, HTML and the links in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
NEW_WINDOW = '<base target="_blank">'
SOURCE_LIMIT = 500_000


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    headers: list[tuple[str, str]]
    text: str
    html: str
    source: str
    links: list[Link]


def read_letter(raw: bytes) -> Letter:
    message = message_from_bytes(raw, policy=default)
    html = _part(message, "html")
    return Letter(
        headers=[(name, _header_value(message, name, value)) for name, value in message.raw_items()],
        text=_part(message, "plain"),
        html=html,
        source=raw[:SOURCE_LIMIT].decode("utf-8", "replace"),
        links=_links(html),
    )


def framed(html: str) -> str:
    """The HTML whose links open in a window of their own."""
    if HEAD.search(html):
        return HEAD.sub(lambda found: found.group() + NEW_WINDOW, html, count=1)
    return NEW_WINDOW + html


def _header_value(message: EmailMessage, name: str, value: str) -> str:
    # A header that breaks its grammar is shown as it came.
    try:
        return str(message.policy.header_fetch_parse(name, value))
    except (ValueError, IndexError, LookupError, TypeError):
        return str(value)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError, KeyError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._url = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self._url, self._text = (values.get("href") or "").strip(), []
        elif tag == "img" and self._url:
            self._text.append(values.get("alt") or "")

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or not self._url:
            return
        if self._url.lower().startswith(("http://", "https://")):
            text = " ".join("".join(self._text).split())
            self.links.append(Link(self._url, text or self._url))
        self._url, self._text = "", []


def _links(html: str) -> list[Link]:
    reader = _LinkReader()
    reader.feed(html)
    return reader.links
