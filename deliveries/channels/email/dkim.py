"""DKIM (RFC 6376, RFC 8463): relaxed/relaxed, the whole body, From signed twice so that no second one can be added."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

# Signed where they are there.
SIGNED = frozenset(
    [
        b"from",
        b"to",
        b"reply-to",
        b"subject",
        b"date",
        b"message-id",
        b"mime-version",
        b"content-type",
        b"content-transfer-encoding",
        b"list-id",
        b"list-unsubscribe",
        b"list-unsubscribe-post",
        b"feedback-id",
    ]
)
_LINE = 72
_PADDING, _HASH = PKCS1v15(), SHA256()


@dataclass(frozen=True)
class Key:
    domain: str
    selector: str
    private: PrivateKey


class DkimSigner:
    """Signs with each of its keys. Holds no state between messages: usable from any thread."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = [(_opening(key), key.private) for key in keys]

    def sign(self, content: bytes) -> bytes:
        """The message, CRLF lines and not dot-stuffed, behind one DKIM-Signature for each key."""
        head, blank, body = content.partition(b"\r\n\r\n")
        return self.sign_parts(head + blank, body, relaxed_body(body))

    def sign_parts(self, head: bytes, body: bytes, relaxed: bytes) -> bytes:
        """The same where the relaxed body is at hand; empty lines at its end make no difference."""
        names, canonical = _relaxed_head(head)
        relaxed = relaxed.rstrip(b"\r\n") + b"\r\n"
        body_hash = b2a_base64(sha256(relaxed if len(relaxed) > 2 else b"").digest(), newline=False)
        pieces = []
        for opening, private in self._keys:
            field = b"%bh=%b;\r\n bh=%b;\r\n b=" % (opening, _listed(names), body_hash)
            unfolded = b"dkim-signature:" + field.replace(b"\r\n", b"")
            pieces += [b"DKIM-Signature: ", field, _folded(_signature(private, canonical + unfolded)), b"\r\n"]
        return b"".join([*pieces, head, body])


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 §3.4.4: runs of blanks are one space, none at the end of a line, no empty lines at the end."""
    body = relaxed_blanks(body).replace(b" \r\n", b"\r\n").rstrip(b" ").rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def relaxed_blanks(text: bytes) -> bytes:
    """Each run of blanks as one space."""
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    # Halving runs with `replace` costs a tenth of a regular expression.
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _relaxed_head(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The signed fields in order: their names, and their canonical lines."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields = [field for line in unfolded.split(b"\r\n") if (field := _relaxed_field(line))]
    return tuple([name for name, _line in fields]), b"".join([line for _name, line in fields])


# Most fields of a mailing are the same in every message.
@lru_cache(maxsize=128)
def _relaxed_field(line: bytes) -> tuple[bytes, bytes] | None:
    """Name and canonical line; None for a field that is not signed."""
    written, _colon, value = line.partition(b":")
    name = written.strip().lower()
    return (name, b"%b:%b\r\n" % (name, relaxed_blanks(value).strip())) if name in SIGNED else None


@lru_cache(maxsize=64)
def _listed(names: tuple[bytes, ...]) -> bytes:
    """The list of h=, folded; From once more than it occurs."""
    lines = [b""]
    for name in (*names, b"from"):
        if len(lines[-1]) + len(name) > _LINE - 8:
            lines.append(b"")
        lines[-1] += name + b":"
    return b"\r\n ".join(lines)[:-1]


def _opening(key: Key) -> bytes:
    algorithm = "rsa-sha256" if isinstance(key.private, RSAPrivateKey) else "ed25519-sha256"
    return f"v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={key.domain}; s={key.selector};\r\n ".encode("ascii")


def _signature(private: PrivateKey, data: bytes) -> bytes:
    if isinstance(private, RSAPrivateKey):
        return private.sign(data, _PADDING, _HASH)
    # RFC 8463 signs the hash, not the data.
    return private.sign(sha256(data).digest())


def _folded(signature: bytes) -> bytes:
    letters = b2a_base64(signature, newline=False)
    return b"\r\n ".join([letters[start : start + _LINE] for start in range(0, len(letters), _LINE)])
