"""The parts of a mail, however badly it is built. Bounces are: a parser that insists on the standards loses them."""

from __future__ import annotations

import base64
import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header

# A bounce says what it has to say at its beginning; the returned message may be as long as it likes.
MAIL_LIMIT = 1_000_000
HEADER_LIMIT = 200_000
DEPTH_LIMIT = 6
PARTS_LIMIT = 100

_HEADER = re.compile(r"([!-9;-~]{1,80})[ \t]{0,4}:[ \t]*(.*)\Z", re.DOTALL)
_PARAMETER = re.compile(r';\s{0,40}([\w-]{1,40}\*?)\s{0,8}=\s{0,8}(?:"([^"]{0,400})"|([^\s;"]{1,400}))')
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")
_LEADING_BLANK = re.compile(rb"\A[ \t]*\r?\n")
_HTML_INVISIBLE = (("<style", "</style"), ("<script", "</script"), ("<head>", "</head"), ("<!--", "-->"))
_HTML_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?table|/?pre|hr)\b[^<>]{0,2000}>", re.I)
_HTML_LINK = re.compile(r"<((?:mailto:)?[^<>@\s]{1,64}@[^<>@\s]{1,253})>", re.I)
_HTML_TAG = re.compile(r"</?[a-z!][^<>]{0,2000}>", re.I)


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME part; the mail itself is one. Header names are in lower case, values unfolded."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, *names: str) -> list[str]:
        return [value for key, value in self.headers if key in names]

    def walk(self) -> Iterator[Part]:
        """This part and those within it, without the contents of messages that it carries."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def text(self) -> str:
        """The content as text, HTML without its tags."""
        text = _decoded(_transfer_decoded(self.body, self.header("content-transfer-encoding")), self._charset())
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return without_tags(text) if self.content_type == "text/html" else text

    def _charset(self) -> str:
        return self.parameters.get("charset", "")


def parse(raw: bytes, depth: int = 0) -> Part:
    """The mail (or the part) that these bytes hold, up to MAIL_LIMIT. Never raises, however bad they are."""
    raw = raw[:MAIL_LIMIT]
    head, body = _split(raw)
    headers = tuple(_headers(head))
    content_type, parameters = content_type_of(dict(reversed(headers)).get("content-type", ""))
    parts: tuple[Part, ...] = ()
    if content_type.startswith("multipart/") and depth < DEPTH_LIMIT:
        pieces = _pieces(body, parameters.get("boundary", ""))
        parts = tuple(parse(piece, depth + 1) for piece in pieces[:PARTS_LIMIT])
    return Part(headers, body, content_type, parameters, parts)


def content_type_of(value: str) -> tuple[str, dict[str, str]]:
    kind = value.partition(";")[0].strip().lower()
    named = _PARAMETER.findall(value[:4000])
    parameters = {name.lower().rstrip("*"): quoted or plain for name, quoted, plain in named}
    return (kind if "/" in kind else "text/plain"), parameters


def header_text(value: str) -> str:
    """A header's value with its encoded words decoded."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value[:4000])
    except (HeaderParseError, ValueError):
        return value
    return "".join(piece if isinstance(piece, str) else _decoded(piece, charset or "") for piece, charset in pieces)


def header_block(text: str) -> tuple[tuple[str, str], ...]:
    """The fields of a block of header lines, folded lines joined."""
    return tuple(_fields(text))


def without_tags(text: str) -> str:
    for start, end in _HTML_INVISIBLE:
        text = _without_blocks(text, start, end)
    text = _HTML_BREAK.sub("\n", _HTML_LINK.sub(r" \1 ", text))
    return html.unescape(_HTML_TAG.sub(" ", text)).replace("\xa0", " ")


def _without_blocks(text: str, start: str, end: str) -> str:
    lowered = text.lower()
    if start not in lowered or len(lowered) != len(text):
        return text
    kept, position = [], 0
    while (opened := lowered.find(start, position)) >= 0:
        kept.append(text[position:opened])
        closed = lowered.find(end, opened)
        if closed < 0:
            return "".join(kept)
        position = closed + len(end)
    return "".join([*kept, text[position:]])


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if _LEADING_BLANK.match(raw):
        return b"", raw
    blank = _BLANK_LINE.search(raw[:HEADER_LIMIT])
    if blank is None:
        return raw[:HEADER_LIMIT], raw[HEADER_LIMIT:]
    return raw[: blank.start()], raw[blank.end() :]


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    text = _decoded(head, "").replace("\r\n", "\n")
    return _fields(text)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    logical: list[str] = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t") and logical:
            logical[-1] += " " + line.strip()
            continue
        logical.append(line)
    for line in logical:
        found = _HEADER.match(line)
        if found:
            yield found.group(1).lower(), found.group(2).strip()


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    delimiter = b"--" + boundary.encode("utf-8", "surrogateescape")
    if not boundary or delimiter not in body:
        # The boundary of the header is not the one of the body: the body shows which it is.
        guessed = re.search(rb"(?m)^(--[^\s]{3,200}?)[ \t]*\r?\n(?=content-)", body, re.I)
        if guessed is None:
            return []
        delimiter = guessed.group(1)
    pieces = re.split(rb"(?m)^" + re.escape(delimiter) + rb"(?:--)?[ \t]*\r?$\n?", body)
    return [piece for piece in pieces[1:] if piece.strip()]


def _transfer_decoded(body: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding == "base64":
        return _base64_decoded(body)
    return body


def _base64_decoded(body: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def _decoded(content: bytes, charset: str) -> str:
    for candidate in _charsets(content, charset.strip().strip("'\"").lower()):
        try:
            return content.decode(candidate)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("latin-1")


def _charsets(content: bytes, declared: str) -> list[str]:
    if b"\x1b$" in content or b"\x1b(" in content:
        return ["iso2022_jp_2", "iso2022_jp_ext"]
    if content.isascii():
        return ["ascii"]
    # Japanese servers announce ISO-2022-JP and send EUC; a wrong guess costs letters, never the addresses.
    japanese = ["euc_jp", "shift_jis"] if declared in ("iso-2022-jp", "euc-jp", "shift_jis") else []
    known = [declared] if declared not in ("", "us-ascii", "ascii", "unknown", "iso-2022-jp") else []
    return [*known, "utf-8", *japanese]
