"""Links of a content: found, numbered and replaced by markers at freezing; filled with signed URLs at rendering.

A link is tracked when its scheme and host are plain text; personalisation after the host is rendered at click time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.conf import settings

from common.tokens import LENGTH, sign
from deliveries.content.plain_text import text_of
from deliveries.models import TrackedUrl

OPEN, CLICK, MIRROR, UNSUBSCRIBE, PREFERENCES = 1, 2, 3, 4, 5

_PIXEL = '{% if _pixel %}<img src="{{ _pixel|safe }}" width="1" height="1" alt="">{% endif %}'
_PIXEL_SIZE = '<img src="https://example.com/t/o/.gif" width="1" height="1" alt="">'
_MARKER = re.compile(r"\{\{ _links\[\d+\]\|safe \}\}")
# Scheme and host in plain text, then the end or a character that can't belong to the host.
_STATIC_HOST = re.compile(r"https?://[^\s/?#\\{}<>\"']+(?:[/?#]|$)", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TEXT_URL = re.compile(r"https?://(?:\{\{[^{}]*\}\}|[^\s<>\"'{}])+", re.IGNORECASE)
_OWN_VARIABLE = re.compile(r"\{\{[-+]?\s*message\.(mirror_url|unsubscribe_url)\s*[-+]?\}\}")
_OWN_KINDS = {"mirror_url": TrackedUrl.Kind.MIRROR, "unsubscribe_url": TrackedUrl.Kind.UNSUBSCRIBE}
_IGNORED_IN_URLS = str.maketrans("", "", "\t\r\n")
_TRAILING = ".,;:!?"


@dataclass(frozen=True)
class SignedUrl:
    """A kind of URL of ours: what stands before and after its token."""

    kind: int
    path: str
    ending: str = ""

    def of(self, broadlog_id: int, number: int = 0) -> str:
        return self.around(sign(self.kind, broadlog_id, number))

    def around(self, token: str) -> str:
        return f"{self.start}{token}{self.ending}"

    @property
    def start(self) -> str:
        return f"{settings.TRACKING_BASE_URL}{self.path}"


SIGNED_URLS = {
    "pixel": SignedUrl(OPEN, "/t/o/", ".gif"),
    "click": SignedUrl(CLICK, "/t/c/"),
    "mirror_url": SignedUrl(MIRROR, "/t/m/"),
    "unsubscribe_url": SignedUrl(UNSUBSCRIBE, "/t/u/"),
    "preferences_url": SignedUrl(PREFERENCES, "/t/p/"),
}


def open_url(broadlog_id: int) -> str:
    return SIGNED_URLS["pixel"].of(broadlog_id)


def click_url(broadlog_id: int, number: int) -> str:
    return SIGNED_URLS["click"].of(broadlog_id, number)


def mirror_url(broadlog_id: int) -> str:
    return SIGNED_URLS["mirror_url"].of(broadlog_id)


def unsubscribe_url(broadlog_id: int) -> str:
    return SIGNED_URLS["unsubscribe_url"].of(broadlog_id)


def preferences_url(broadlog_id: int) -> str:
    return SIGNED_URLS["preferences_url"].of(broadlog_id)


MESSAGE_URLS = {
    "mirror_url": mirror_url,
    "unsubscribe_url": unsubscribe_url,
    "preferences_url": preferences_url,
}


@dataclass(frozen=True)
class Link:
    number: int
    url: str
    label: str
    kind: TrackedUrl.Kind


@dataclass(frozen=True)
class CompiledContent:
    """Both bodies with their links replaced, and the links by number."""

    html: str
    text: str
    links: tuple[Link, ...]


def compile_content(*, html: str, text: str, tracking: bool) -> CompiledContent:
    """Replace the links of both bodies. An empty text is derived from the HTML, so that no message lacks one."""
    text = text if text.strip() or not html.strip() else text_of(html)
    collector = _Collector(tracking)
    compiled_html = _with_pixel(_rewrite_html(html, collector)) if tracking and html.strip() else html
    compiled_text = _TEXT_URL.sub(lambda found: _rewrite_text_url(found.group(), collector), text) if tracking else text
    collector.add_own(html + text)
    return CompiledContent(compiled_html, compiled_text, tuple(collector.links.values()))


def sized(compiled: str) -> str:
    """A compiled body with each marker as long as the URL that takes its place."""
    token = "x" * LENGTH
    return _MARKER.sub(SIGNED_URLS["click"].around(token), compiled.replace(_PIXEL, _PIXEL_SIZE + token))


def static_origin(url: str) -> tuple[str, str] | None:
    """Scheme and host of a link to track; None when they are not there in plain text."""
    if _STATIC_HOST.match(url) is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return (parts.scheme.lower(), parts.netloc) if host else None


class _Collector:
    """The links by URL: one number for each, in the order in which they were met."""

    def __init__(self, tracking: bool) -> None:
        self.tracking = tracking
        self.links: dict[str, Link] = {}

    def marker(self, url: str, label: str = "") -> str | None:
        """What stands in place of the URL; None when it is not tracked."""
        if not self.tracking or static_origin(url) is None:
            return None
        link = self._add(url, label, TrackedUrl.Kind.CLICK)
        return f"{{{{ _links[{link.number}]|safe }}}}"

    def add_own(self, source: str) -> None:
        """The mirror page and the unsubscription are links of their own kind, tracked or not."""
        for name in dict.fromkeys(_OWN_VARIABLE.findall(source)):
            self._add(f"{{{{ message.{name} }}}}", "", _OWN_KINDS[name])

    def _add(self, url: str, label: str, kind: TrackedUrl.Kind) -> Link:
        link = self.links.get(url) or Link(len(self.links) + 1, url, label[:250], kind)
        self.links[url] = link
        return link


@dataclass
class _Anchor:
    start: int
    raw: str
    label: str = ""


class _AnchorFinder(HTMLParser):
    """Finds the start tags that carry links, with their place, and the text that each shows."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[_Anchor] = []
        self.body_end: int | None = None
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", source))]
        self._shown: _Anchor | None = None
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("a", "area"):
            return
        self._shown = _Anchor(self._place(), self.get_starttag_text() or "")
        self.anchors.append(self._shown)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._shown = None
        if tag == "body":
            self.body_end = self._place()

    def handle_data(self, data: str) -> None:
        if self._shown is not None:
            self._shown.label = " ".join(f"{self._shown.label} {data}".split())

    def _place(self) -> int:
        line, column = self.getpos()
        return self._line_starts[line - 1] + column


def _rewrite_html(html: str, collector: _Collector) -> str:
    pieces: list[str] = []
    position = 0
    for anchor in _AnchorFinder(html).anchors:
        pieces += [html[position : anchor.start], _rewrite_tag(anchor, collector)]
        position = anchor.start + len(anchor.raw)
    return "".join([*pieces, html[position:]])


def _rewrite_tag(anchor: _Anchor, collector: _Collector) -> str:
    found = _HREF.search(anchor.raw)
    if found is None:
        return anchor.raw
    value = next(group for group in found.groups() if group is not None)
    # As browsers do: white space around the URL and line ends inside it do not count.
    url = unescape(value).strip().translate(_IGNORED_IN_URLS)
    marker = collector.marker(url, anchor.label)
    if marker is None:
        return anchor.raw
    return f'{anchor.raw[: found.start()]}href="{marker}"{anchor.raw[found.end() :]}'


def _rewrite_text_url(text: str, collector: _Collector) -> str:
    url = text.rstrip(_TRAILING)
    while url.endswith((")", "]")) and url.count(url[-1]) > url.count("(" if url[-1] == ")" else "["):
        url = url[:-1].rstrip(_TRAILING)
    marker = collector.marker(url)
    return text if marker is None else marker + text[len(url) :]


def _with_pixel(html: str) -> str:
    end = _AnchorFinder(html).body_end
    return html + _PIXEL if end is None else html[:end] + _PIXEL + html[end:]
