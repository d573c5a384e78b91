"""What goes on the wire: content in CRLF lines with its dots stuffed, and the envelope's commands."""

from __future__ import annotations

import re

from deliveries.channels.base import Message

END_OF_DATA = b".\r\n"
BARE = re.compile(rb"\r\n|\r|\n")
# A path can't hold what would end it or begin another command; a space would begin a parameter.
UNSAFE_PATH = re.compile(r"[\x00-\x20\x7f<>]")


def wire_body(message: Message) -> bytes:
    """The message's content as it leaves before its final dot."""
    return message.content if message.wire_ready else wire_content(message.content)


def wire_content(content: bytes) -> bytes:
    """The content with CRLF lines only, its dots stuffed and CRLF at its end; the final dot is not part of it.

    A bare CR, a bare LF or a NUL never gets through: a server that takes one for a line end could be made to read
    a second message where we sent one.
    """
    if not _is_clean(content):
        content = BARE.sub(b"\r\n", content.replace(b"\0", b""))
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    if b"\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return b"." + content if content.startswith(b".") else content


def _is_clean(content: bytes) -> bool:
    # Three counts are ten times faster than one regular expression.
    lines = content.count(b"\n")
    return lines == content.count(b"\r") == content.count(b"\r\n") and b"\0" not in content


def is_safe_path(address: str) -> bool:
    return UNSAFE_PATH.search(address) is None


def needs_smtputf8(message: Message) -> bool:
    return message.needs_smtputf8 or not (message.address.isascii() and message.sender.isascii())


def envelope(message: Message, extensions: frozenset[str]) -> tuple[bytes, bytes, bytes]:
    """MAIL, RCPT and DATA for a message, with the parameters that the server's extensions allow."""
    parameters = ""
    if "SIZE" in extensions:
        parameters = f" SIZE={len(message.content)}"
    if "8BITMIME" in extensions and not message.content.isascii():
        parameters += " BODY=8BITMIME"
    if "SMTPUTF8" in extensions and needs_smtputf8(message):
        parameters += " SMTPUTF8"
    return (
        f"MAIL FROM:<{message.sender}>{parameters}\r\n".encode(),
        f"RCPT TO:<{message.address}>\r\n".encode(),
        b"DATA\r\n",
    )
