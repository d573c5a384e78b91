"""Header fields as bytes: cleaned of control characters, encoded and folded."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence

# Controls (line ends among them), line and paragraph separators, and halves of surrogate pairs.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PHRASE = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_PLAIN_PHRASE = re.compile(rf"[{_PHRASE} ]+\Z")
_SHORT_PHRASE = re.compile(rf"[{_PHRASE}](?:[{_PHRASE} ]{{0,30}}[{_PHRASE}])?")
_LINE = 76
_LONGEST_NAME = len("Subject: ")
# Bytes that one encoded word holds behind the name of a field.
_SHORT = 39
_ENCODED_WORD_OVERHEAD = len("=?utf-8?b??=")
# A longer run without a space would not fold: it is encoded instead.
_LONGEST_WORD = 60


def clean(text: str) -> str:
    """What a header may hold: every control character becomes a space."""
    if text.isprintable():
        return text.strip()
    return _UNSAFE.sub(" ", text).strip()


def clean_within(text: str) -> str:
    """The same for a part of a field: the spaces at its ends separate it from the others."""
    return text if text.isprintable() else _UNSAFE.sub(" ", text)


def unstructured(name: str, text: str) -> bytes:
    """A field of free text, such as Subject."""
    text = clean(text)
    prefix = f"{name}: "
    if _is_plain(text):
        return _folded(prefix + text)
    return f"{prefix}{_encoded_words(text, len(prefix))}\r\n".encode("ascii")


def in_words(name: str, pieces: Sequence[str | None]) -> Callable[[Iterable[str]], bytes] | None:
    """For a field of free text with a fixed part beyond ASCII: a function of the texts that take the places of None.

    All of it leaves in encoded words, of which the fixed ones are made once. None where nothing fixed demands that.
    """
    if all(piece is None or piece.isascii() for piece in pieces):
        return None
    fixed = [piece and _words(clean_within(piece)) for piece in pieces]
    start = f"{name}: ".encode("ascii")

    def field(values: Iterable[str]) -> bytes:
        given = iter(values)
        words = [_words(clean_within(next(given))) if piece is None else piece for piece in fixed]
        return start + b"\r\n ".join([word for word in words if word]) + b"\r\n"

    return field


def mailbox(name: str, display_name: str, address: str) -> bytes:
    """A field with one address, such as To. A non-ASCII local part is written as it is (SMTPUTF8)."""
    words = _short_phrase(display_name)
    if words:
        line = b"%b: %b <%b>\r\n" % (name.encode(), words, address.encode())
        if len(line) <= _LINE + 2:
            return line
    prefix = f"{name}: "
    phrase = _phrase(clean(display_name), len(prefix))
    if not phrase:
        return f"{prefix}{address}\r\n".encode()
    last_line = len(phrase.rpartition("\r\n")[2]) + (0 if "\r\n" in phrase else len(prefix))
    separator = " " if last_line + len(address) + 3 <= _LINE else "\r\n "
    return f"{prefix}{phrase}{separator}<{address}>\r\n".encode()


def structured(name: str, value: str) -> bytes:
    """A field whose value is ours and already correct."""
    return f"{name}: {value}\r\n".encode("ascii")


def _short_phrase(text: str) -> bytes:
    """Most names, on one line; nothing for the others, which take a closer look."""
    if _SHORT_PHRASE.fullmatch(text):
        return b"" if "=?" in text or "  " in text else text.encode()
    if text.isascii() or not text.isprintable() or text[0] == " " or text[-1] == " ":
        return b""
    return _words(text)


def _phrase(text: str, column: int) -> str:
    if not text:
        return ""
    if not text.isascii() or len(text) > _LONGEST_WORD or not _is_plain(text):
        return _encoded_words(text, column)
    if _PLAIN_PHRASE.match(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _is_plain(text: str) -> bool:
    if not text.isascii() or "=?" in text or "  " in text:
        return False
    return len(text) <= _LONGEST_WORD or max(map(len, text.split(" "))) <= _LONGEST_WORD


def _encoded_words(text: str, column: int) -> str:
    """RFC 2047 words of at most 75 characters, split between characters, one per line."""
    encoded = text.encode()
    room = _room(column)
    if len(encoded) <= room:
        return _encoded_word(encoded)
    words: list[str] = []
    start = 0
    while len(encoded) - start > room:
        end = start + room
        # A byte 10xxxxxx continues a character: it stays with the one before it.
        while encoded[end] & 0xC0 == 0x80:
            end -= 1
        words.append(_encoded_word(encoded[start:end]))
        start, room = end, _room(1)
    return "\r\n ".join([*words, _encoded_word(encoded[start:])])


def _words(text: str) -> bytes:
    """Encoded words that fit on lines of their own, behind the name of the field too."""
    encoded = text.encode()
    if len(encoded) > _SHORT:
        return _encoded_words(text, _LONGEST_NAME).encode("ascii")
    return b"=?utf-8?b?%b?=" % b2a_base64(encoded, newline=False) if encoded else b""


def _room(column: int) -> int:
    """How many bytes an encoded word that begins at this column may carry."""
    return max(4, (_LINE - column - _ENCODED_WORD_OVERHEAD) // 4 * 3)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{b2a_base64(chunk, newline=False).decode('ascii')}?="


def _folded(line: str) -> bytes:
    """Break at spaces so that no line exceeds 76 columns where a space allows it."""
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > _LINE and current.strip():
            lines.append(current)
            current = ""
        current = f"{current} {word}" if current or lines else word
    return ("\r\n".join([*lines, current]) + "\r\n").encode("ascii")
