"""Addresses of routes and relays: how one is written, where it leads, and the password kept beside it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.errors import Invalid
from deliveries.models import Relay, Route
from deliveries.models.route import Authentication

# Of the way to the mail servers of each recipient's domain.
DIRECT = "mx"
DEFAULT_PORTS = {"smtp": 25, "smtps": 465, DIRECT: 25}
TLS_CHOICES = ("required", "off")
HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
DIRECT_TLS_CHOICES = ("opportunistic", *TLS_CHOICES)


class InvalidRoute(Invalid):
    code = "invalid_route"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and how to speak to it. `tls` is implicit, required, opportunistic or off; no host: the direct way."""

    host: str
    port: int
    tls: str
    username: str
    password: str = field(repr=False)
    authentication: str = Authentication.PASSWORD

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Server:
    """One of the servers that a route's messages are shared among, or that take over."""

    endpoint: Endpoint
    preference: int
    weight: int


def validate_url(url: str) -> None:
    """Raise InvalidRoute unless the address is empty (SMTP_URL) or one that a route may have: it holds no password."""
    if not url:
        return
    _check_password(_read_url(url))


def validate_relay_url(url: str) -> None:
    """Raise InvalidRoute unless the address is one that an additional server may have."""
    parts = _read_url(url)
    if parts.scheme == DIRECT:
        raise _invalid(_("An additional server is named: its address begins with smtp:// or smtps://."))
    _check_password(parts)


def check_host_name(name: str) -> str:
    """The name as EHLO gives it, in lower case; raises ValidationError. Empty stays empty."""
    lowered = name.strip().lower()
    if lowered and not HOST_NAME.fullmatch(lowered):
        raise ValidationError(_("“%(name)s” is no full host name.") % {"name": name})
    return lowered


def is_direct(route: Route) -> bool:
    """Whether it leads to the mail servers of each recipient's domain."""
    return urlsplit(route.url).scheme == DIRECT


def servers(route: Route) -> list[Server]:
    """The route's own server and the additional ones. Raises InvalidRoute."""
    own = Server(endpoint(route), 0, route.weight)
    return [own, *(Server(endpoint(relay), relay.preference, relay.weight) for relay in route.relays.all())]


def endpoint(route: Route | Relay) -> Endpoint:
    """Where the route leads; an empty address is that of SMTP_URL. Raises InvalidRoute."""
    parts = _read_url(route.url or settings.SMTP_URL)
    host, username = parts.hostname or "", unquote(parts.username or "")
    in_url = unquote(parts.password or "") if not route.url else ""
    return Endpoint(
        host=host,
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        tls=_tls(parts, host, username),
        username=username,
        password=in_url or _decrypt(route.encrypted_password),
        authentication=route.authentication,
    )


def set_password(route: Route | Relay, password: str) -> None:
    """Keep the password encrypted; an empty one forgets it. It can't be read back but by the sender."""
    route.encrypted_password = encrypt_password(password)
    type(route)._default_manager.filter(pk=route.pk).update(encrypted_password=route.encrypted_password)


def encrypt_password(password: str) -> str:
    """What is kept of a password; empty of an empty one."""
    return _keys().encrypt(password.encode()).decode() if password else ""


def _read_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid(_("The port is no number from 1 to 65535.")) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _invalid(_("An address begins with smtp://, smtps:// or mx://."))
    if parts.scheme == DIRECT and (parts.hostname or "@" in parts.netloc):
        raise _invalid(_("The direct way has no server of its own: write mx:// or mx://?tls=required."))
    if not (parts.hostname or parts.scheme == DIRECT) or any(character.isspace() for character in url) or port == 0:
        raise _invalid(_("An address is written smtp://user@host:port."))
    _check_rest(parts)
    return parts


def _check_password(parts: SplitResult) -> None:
    if parts.password is not None:
        raise _invalid(_("Leave the password out of the address: it has its own field and is kept encrypted."))


def _check_rest(parts: SplitResult) -> None:
    if parts.path.strip("/") or parts.fragment:
        raise _invalid(_("Nothing follows the port but ?tls=required or ?tls=off."))
    choices = DIRECT_TLS_CHOICES if parts.scheme == DIRECT else TLS_CHOICES
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"tls"} or any(value not in choices for value in options.get("tls", [])):
        raise _invalid(_("The only option is tls: one of %(choices)s.") % {"choices": ", ".join(choices)})


def _tls(parts: SplitResult, host: str, username: str) -> str:
    if parts.scheme == "smtps":
        return "implicit"
    chosen = parse_qs(parts.query).get("tls", [""])[0]
    if chosen:
        return chosen
    # Credentials never travel in clear over a network unless the address says tls=off.
    return "required" if username and not _is_loopback(host) else "opportunistic"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _invalid(message: str) -> InvalidRoute:
    return InvalidRoute(message, fields={"url": [message]})


def _keys() -> MultiFernet:
    # Old keys still decrypt: a password outlives a rotation of SECRET_KEY.
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.blake2b(secret.encode(), digest_size=32, person=b"route").digest()))


def _decrypt(encrypted: str) -> str:
    if not encrypted:
        return ""
    try:
        return _keys().decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise InvalidRoute(
            _("The password of this route was encrypted with another SECRET_KEY: enter it again."),
            fields={"password": [_("Enter the password again.")]},
        ) from None
