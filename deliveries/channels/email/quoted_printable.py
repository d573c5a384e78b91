"""Quoted-printable in pieces that can be put one after the other.

Every piece begins and ends at the start of a line (a soft break ends it where its text does not), so that static text
is encoded once and values join it whatever their length: no line exceeds 76 characters, and none begins with a dot.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from html import escape

SOFT_BREAK = b"=\n"
_WIRE_SOFT_BREAK = b"=\r\n"
# A line and its soft break stay within 76 characters.
_ROOM = 75
_LEADING_DOTS = re.compile(rb"^\.+", re.MULTILINE)


def encoded(text: str) -> bytes:
    """The text as a piece, its lines ending in LF (`wire_lines` makes them CRLF). NUL and halves of characters go."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if not text:
        return b""
    lines = b2a_qp(text.encode("utf-8", "replace"), istext=True)
    # One dot to a line: encoded in place, it could make its line too long, or leave the next one in its place.
    lines = _LEADING_DOTS.sub(lambda dots: b"=2E=\n" * len(dots.group()), lines)
    return lines if lines.endswith(b"\n") else _softly_ended(lines)


def _softly_ended(lines: bytes) -> bytes:
    """With a soft break at the end, for which a full last line has no room."""
    last = lines.rpartition(b"\n")[2]
    if len(last) > _ROOM:
        unit = 3 if last[-3:-2] == b"=" else 1
        lines = lines[:-unit] + SOFT_BREAK + lines[-unit:].replace(b".", b"=2E")
    return lines + SOFT_BREAK


def wire_lines(piece: bytes) -> bytes:
    return piece.replace(b"\n", b"\r\n")


def word_value(value: str) -> bytes:
    """Letters and digits as a piece of a text of either kind, in CRLF lines."""
    if value.isascii() and len(value) < _ROOM:
        return value.encode() + _WIRE_SOFT_BREAK
    return _line_or_lines(value)


def text_value(value: str) -> bytes:
    """A value as a piece of a plain text, in CRLF lines."""
    # Printable text has neither line ends nor NUL nor halves of characters.
    if not value.isprintable() or value[:1] in (".", ""):
        return wire_lines(encoded(value))
    return _line_or_lines(value)


def _line_or_lines(value: str) -> bytes:
    line = b2a_qp(value.encode(), istext=True)
    return line + _WIRE_SOFT_BREAK if len(line) <= _ROOM else wire_lines(encoded(value))


def html_value(value: str) -> bytes:
    """A value as a piece of an HTML text, escaped, in CRLF lines."""
    return text_value(value if value.isalnum() else escaped(value))


def escaped(text: str) -> str:
    """As the engine escapes: a preview and its message are the same letter for letter."""
    return escape(text).replace("/", "&#x2f;")
