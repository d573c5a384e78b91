"""Short signed tokens for public links: a kind, two numbers and 96 bits of a keyed hash.

Layout before base64url: kind (1 byte), row (8 bytes), detail (4 bytes), digest (12 bytes). One keyed blake2b yields the
digests of five tokens of a row, which neighbours in kind or in detail share: a message has a dozen of them.
Keys derive from SECRET_KEY; SECRET_KEY_FALLBACKS still verify, so links outlive a rotation.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from binascii import b2a_base64, hexlify
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from struct import Struct

from django.conf import settings

PAYLOAD = Struct(">BQI")
DIGEST_SIZE = 12
# Of a token as text: base64url without padding, or hexadecimal where the case of letters may be lost.
LENGTH = -(-(PAYLOAD.size + DIGEST_SIZE) * 8 // 6)
HEX_LENGTH = (PAYLOAD.size + DIGEST_SIZE) * 2

_URL_LETTERS = bytes.maketrans(b"+/", b"-_")
# Base64 writes three bytes as four letters: tokens padded to a multiple of three are encoded in one go.
_PADDING = bytes(-(PAYLOAD.size + DIGEST_SIZE) % 3)
_RAW = PAYLOAD.size + DIGEST_SIZE + len(_PADDING)
_STRIDE = _RAW // 3 * 4
_PER_HASH = 5
_BLOCK_SIZE = _PER_HASH * DIGEST_SIZE
_WITHOUT_DETAIL, _WITH_DETAIL = 0, 1


class InvalidToken(Exception):
    """The token is malformed or its signature is wrong."""


@dataclass(frozen=True)
class Token:
    kind: int
    row: int
    detail: int


def sign(kind: int, row: int, detail: int = 0) -> str:
    payload = PAYLOAD.pack(kind, row, detail)
    return _encode(payload + _digest(kind, row, detail, _key(settings.SECRET_KEY)))


def signer(purposes: Sequence[tuple[int, int]], opaque: Sequence[int] = ()) -> Callable[[int], list[bytes]]:
    """A function that makes the tokens of one row, in ASCII.

    First those of each (kind, detail), as `sign` makes them, then one of each kind in `opaque`, in hexadecimal.
    It keeps the key of the moment: ask for a new one when the work begins, not when the program does.
    """
    raw = _raw_signer([*purposes, *((kind, 0) for kind in opaque)])
    border = len(purposes) * _RAW
    links = Struct(f"{LENGTH}s{_STRIDE - LENGTH}x" * len(purposes))
    hexes = Struct(f"{HEX_LENGTH}s{2 * len(_PADDING)}x" * len(opaque))

    def tokens(row: int) -> list[bytes]:
        made = raw(row)
        letters = b2a_base64(made[:border], newline=False).translate(_URL_LETTERS)
        return [*links.unpack(letters), *hexes.unpack(hexlify(made[border:]))]

    return tokens


def verify(text: str, kind: int) -> Token:
    """The token's content, or InvalidToken, whatever is wrong with it."""
    return _verified(_decode(text), kind)


def verify_hex(text: str, kind: int) -> Token:
    """The same for a token in hexadecimal, whatever the case of its letters."""
    try:
        raw = bytes.fromhex(text) if len(text) == HEX_LENGTH else b""
    except ValueError:
        raise InvalidToken("encoding") from None
    # fromhex reads over white space.
    if len(raw) != PAYLOAD.size + DIGEST_SIZE:
        raise InvalidToken("length")
    return _verified(raw, kind)


def _raw_signer(purposes: Sequence[tuple[int, int]]) -> Callable[[int], bytes]:
    """Payload, digest and padding of each token, one after the other."""
    keyed = _keyed(_key(settings.SECRET_KEY))
    blocks = list(dict.fromkeys(_block(kind, detail) for kind, detail in purposes))
    cut = Struct(f"{DIGEST_SIZE}s" * _PER_HASH * len(blocks))
    order = [blocks.index(_block(kind, detail)) * _PER_HASH + _place(kind, detail) for kind, detail in purposes]
    # itemgetter answers a tuple for two indices or more.
    chosen = itemgetter(*order, order[0]) if order else lambda _digests: ()
    # What does not change: behind each kind its row, behind each detail its digest.
    fixed = [_PADDING]
    for kind, detail in purposes:
        fixed[-1] += bytes([kind])
        fixed += [b"", detail.to_bytes(4, "big"), b"", _PADDING]
    fixed[0] = fixed[0].removeprefix(_PADDING)
    count = len(purposes)

    def fill(row: int) -> bytes:
        number, hashes = row.to_bytes(8, "big"), []
        for block in blocks:
            # Copying a keyed state is half the price of making one.
            state = keyed.copy()
            state.update(number + block)
            hashes.append(state.digest())
        pieces = fixed.copy()
        pieces[1::4] = [number] * count
        pieces[3::4] = chosen(cut.unpack(b"".join(hashes)))[:count]
        return b"".join(pieces)

    return fill


def _block(kind: int, detail: int) -> bytes:
    """Which hash of the row holds the token's digest."""
    if not detail:
        return bytes([_WITHOUT_DETAIL, kind // _PER_HASH])
    return bytes([_WITH_DETAIL, kind]) + ((detail - 1) // _PER_HASH).to_bytes(4, "big")


def _place(kind: int, detail: int) -> int:
    """At which place it stands there."""
    return ((detail - 1) if detail else kind) % _PER_HASH


def _keyed(key: bytes) -> blake2b:
    return blake2b(key=key, digest_size=_BLOCK_SIZE)


def _verified(raw: bytes, kind: int) -> Token:
    token = Token(*PAYLOAD.unpack(raw[: PAYLOAD.size]))
    digest = raw[PAYLOAD.size :]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    about = (token.kind, token.row, token.detail)
    # Every key is tried so that the time taken does not tell which one matched.
    if not any([hmac.compare_digest(digest, _digest(*about, _key(key))) for key in keys]):  # noqa: C419
        raise InvalidToken("signature")
    if token.kind != kind:
        raise InvalidToken("kind")
    return token


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=32, person=b"diffusion-links").digest()


def _digest(kind: int, row: int, detail: int, key: bytes) -> bytes:
    state = _keyed(key)
    state.update(row.to_bytes(8, "big") + _block(kind, detail))
    start = _place(kind, detail) * DIGEST_SIZE
    return state.digest()[start : start + DIGEST_SIZE]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, UnicodeEncodeError):
        raise InvalidToken("encoding") from None
    # base64 ignores spare bits at the end: only the canonical spelling is a token.
    if len(raw) != PAYLOAD.size + DIGEST_SIZE or _encode(raw) != text:
        raise InvalidToken("length")
    return raw
