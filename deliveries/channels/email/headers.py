"""Header fields as bytes: cleaned of control characters, encoded and folded."""

from __future__ import annotations

import re
from base64 import b64encode

# Controls (line ends among them), line and paragraph separators, and halves of surrogate pairs.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_LINE = 76
_ENCODED_WORD_OVERHEAD = len("=?utf-8?b??=")
# A longer run without a space would not fold: it is encoded instead.
_LONGEST_WORD = 60


def clean(text: str) -> str:
    """What a header may hold: every control character becomes a space."""
    return _UNSAFE.sub(" ", text).strip()


def unstructured(name: str, text: str) -> bytes:
    """A field of free text, such as Subject."""
    text = clean(text)
    prefix = f"{name}: "
    if _is_plain(text):
        return _folded(prefix + text)
    return f"{prefix}{_encoded_words(text, len(prefix))}\r\n".encode("ascii")


def mailbox(name: str, display_name: str, address: str) -> bytes:
    """A field with one address, such as To. A non-ASCII local part is written as it is (SMTPUTF8)."""
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


def _phrase(text: str, column: int) -> str:
    if not text:
        return ""
    if not _is_plain(text) or len(text) > _LONGEST_WORD:
        return _encoded_words(text, column)
    if _PLAIN_PHRASE.match(text) and "  " not in text:
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _is_plain(text: str) -> bool:
    if not text.isascii() or "=?" in text or "  " in text:
        return False
    return all(len(word) <= _LONGEST_WORD for word in text.split(" "))


def _encoded_words(text: str, column: int) -> str:
    """RFC 2047 words of at most 75 characters, split between characters, one per line."""
    encoded = text.encode()
    words: list[str] = []
    start, room = 0, _room(column)
    while len(encoded) - start > room:
        end = start + room
        # A byte 10xxxxxx continues a character: it stays with the one before it.
        while encoded[end] & 0xC0 == 0x80:
            end -= 1
        words.append(_encoded_word(encoded[start:end]))
        start, room = end, _room(1)
    return "\r\n ".join([*words, _encoded_word(encoded[start:])])


def _room(column: int) -> int:
    """How many bytes an encoded word that begins at this column may carry."""
    return max(4, (_LINE - column - _ENCODED_WORD_OVERHEAD) // 4 * 3)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?="


def _folded(line: str) -> bytes:
    """Break at spaces so that no line exceeds 76 columns where a space allows it."""
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > _LINE and current.strip():
            lines.append(current)
            current = ""
        current = f"{current} {word}" if current or lines else word
    return ("\r\n".join([*lines, current]) + "\r\n").encode("ascii")
