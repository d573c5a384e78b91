"""The address of a source: imaps://user@host/INBOX, pop3s://user@host, maildir:/path or lmtp://host:port."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.utils.translation import gettext as _

from common.encryption import WrongKey, decrypt, encrypt
from common.errors import Invalid
from deliveries.models.inbound import InboundSource

Kind = InboundSource.Kind
# Scheme → port.
PORTS = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995, "lmtp": 8024, "smtp": 8025}
SCHEMES = {
    Kind.IMAP: ("imaps", "imap"),
    Kind.POP3: ("pop3s", "pop3"),
    Kind.LISTENER: ("lmtp", "smtp"),
    Kind.MAILDIR: ("maildir",),
}
_PURPOSE = "inbound"
_YES = ("1", "true", "yes")


class InvalidAddress(Invalid):
    """A source's address or password can't be used."""

    code = "invalid_address"

    def __init__(self, message: str, field: str = "url") -> None:
        super().__init__(message, fields={field: [message]})


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """`tls` is implicit, required or off. `folder`: mailbox of IMAP, or path of a Maildir."""

    kind: str
    scheme: str
    host: str = ""
    port: int = 0
    tls: str = "off"
    username: str = ""
    password: str = field(default="", repr=False)
    authentication: str = "password"
    folder: str = ""
    # Mails stay at the source, marked as read.
    keeps: bool = False


def validate_address(kind: str, url: str) -> None:
    """Raise InvalidAddress unless a source of this kind may have this address: it holds no password."""
    if kind == Kind.WEBHOOK:
        return
    parts = _parts(kind, url)
    if parts.password is not None:
        raise InvalidAddress(_("Leave the password out of the address: it has its own field and is kept encrypted."))
    _read(kind, parts)


def address_of(source: InboundSource) -> SourceAddress:
    """Where the source is and how to enter; raises InvalidAddress."""
    address = _read(source.kind, _parts(source.kind, source.url))
    values = {name: getattr(address, name) for name in SourceAddress.__slots__}
    return SourceAddress(**{**values, "password": password_of(source), "authentication": source.authentication})


def set_password(source: InboundSource, password: str) -> None:
    """Keep the password (or token, or signing key) encrypted; an empty one forgets it."""
    source.encrypted_password = encrypt(password, purpose=_PURPOSE)
    InboundSource.objects.filter(pk=source.pk).update(encrypted_password=source.encrypted_password)


def password_of(source: InboundSource) -> str:
    try:
        return decrypt(source.encrypted_password, purpose=_PURPOSE)
    except WrongKey:
        sentence = _("The password of this source was encrypted with another SECRET_KEY: enter it again.")
        raise InvalidAddress(sentence, "password") from None


def _parts(kind: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        raise InvalidAddress(_("The port is no number from 1 to 65535.")) from None
    schemes = SCHEMES[Kind(kind)]
    if parts.scheme not in schemes:
        begins = " or ".join(f"{scheme}:{'' if scheme == 'maildir' else '//'}" for scheme in schemes)
        raise InvalidAddress(_("An address of this kind begins with %(schemes)s") % {"schemes": begins})
    return parts


def _read(kind: str, parts: SplitResult) -> SourceAddress:
    options = parse_qs(parts.query, keep_blank_values=True)
    unknown = sorted(set(options) - {"keep", "tls"})
    if unknown:
        raise InvalidAddress(_("There is no option %(name)s; there are keep and tls.") % {"name": unknown[0]})
    keeps = options.get("keep", [""])[0] in _YES
    if kind == Kind.MAILDIR:
        return SourceAddress(kind, parts.scheme, folder=_folder(parts.path), keeps=keeps)
    host = parts.hostname or ""
    if not host or any(character.isspace() for character in host):
        raise InvalidAddress(_("The address names no server."))
    return SourceAddress(
        kind=kind,
        scheme=parts.scheme,
        host=host,
        port=parts.port or PORTS[parts.scheme],
        tls=_tls(parts.scheme, host, options.get("tls", [""])[0]),
        username=unquote(parts.username or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        keeps=keeps,
    )


def _folder(path: str) -> str:
    folder = unquote(path)
    if not Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise InvalidAddress(_("A Maildir is named by its whole path: maildir:/var/mail/bounces"))
    return folder


def _tls(scheme: str, host: str, chosen: str) -> str:
    if chosen not in ("", "required", "off"):
        raise InvalidAddress(_("tls is required or off."))
    if scheme in ("imaps", "pop3s"):
        return "implicit"
    # Passwords never travel in clear over a network unless the address says tls=off.
    return chosen or ("off" if _is_loopback(host) else "required")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
