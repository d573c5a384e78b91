"""Routes: which one a delivery uses, where it leads, its password, its pauses."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Invalid, Refused
from deliveries.models import Delivery, Route
from recipients.vocabulary import Channel

DEFAULT_ROUTE = "default"
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}
TLS_CHOICES = ("required", "off")


class InvalidRoute(Invalid):
    code = "invalid_route"


class NoRoute(Refused):
    code = "no_route"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and how to speak to it. `tls` is implicit, required, opportunistic or off."""

    host: str
    port: int
    tls: str
    username: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def ensure_default_route() -> Route:
    """The default e-mail route, made at the first call: its empty address follows SMTP_URL."""
    existing = _default_of(Channel.EMAIL)
    if existing is not None:
        return existing
    route, _made = Route.objects.get_or_create(
        internal_name=DEFAULT_ROUTE,
        defaults={"label": str(_("Default e-mail route")), "channel": Channel.EMAIL, "is_default": True},
    )
    return route


def resolve_route(delivery: Delivery) -> Route:
    """The delivery's own route, else the default one of its channel; raises NoRoute."""
    if delivery.route is not None:
        return delivery.route
    makes_default = _DEFAULT_MAKERS.get(delivery.channel)
    default = makes_default() if makes_default else _default_of(delivery.channel)
    if default is None:
        raise NoRoute(
            _("There is no default route for the channel %(channel)s: make one or choose a route for this delivery.")
            % {"channel": delivery.channel}
        )
    return default


def _default_of(channel: str) -> Route | None:
    return Route.objects.filter(channel=channel, is_default=True).first()


# A channel that works out of the box makes its default route when it is first asked for.
_DEFAULT_MAKERS: dict[str, Callable[[], Route]] = {Channel.EMAIL: ensure_default_route}


def validate_url(url: str) -> None:
    """Raise InvalidRoute unless the address is empty (SMTP_URL) or one that a route may have: it holds no password."""
    if not url:
        return
    parts = _read_url(url)
    if parts.password is not None:
        raise _invalid(_("Leave the password out of the address: it has its own field and is kept encrypted."))


def endpoint(route: Route) -> Endpoint:
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
    )


def set_password(route: Route, password: str) -> None:
    """Keep the password encrypted; an empty one forgets it. It can't be read back but by the sender."""
    route.encrypted_password = _keys().encrypt(password.encode()).decode() if password else ""
    Route.objects.filter(pk=route.pk).update(encrypted_password=route.encrypted_password)


def pause_route(route_id: int, *, reason: str, now: datetime, until: datetime | None = None) -> bool:
    """Stop sending through the route, for good or until an instant; False when it was paused already."""
    if until is not None and until <= now:
        return False
    return bool(
        Route.objects.filter(Q(paused=False) | Q(paused_until__lte=now), pk=route_id).update(
            paused=True, paused_until=until, pause_reason=reason[:2000]
        )
    )


def resume_route(route_id: int) -> bool:
    """Send through the route again; False when it was not paused."""
    return bool(Route.objects.filter(pk=route_id, paused=True).update(paused=False, paused_until=None, pause_reason=""))


def _read_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid(_("The port is no number from 1 to 65535.")) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _invalid(_("An address begins with smtp:// or smtps://."))
    if not parts.hostname or any(character.isspace() for character in url) or port == 0:
        raise _invalid(_("An address is written smtp://user@host:port."))
    _check_rest(parts)
    return parts


def _check_rest(parts: SplitResult) -> None:
    if parts.path.strip("/") or parts.fragment:
        raise _invalid(_("Nothing follows the port but ?tls=required or ?tls=off."))
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"tls"} or any(value not in TLS_CHOICES for value in options.get("tls", [])):
        raise _invalid(_("The only option is tls, with the value required or off."))


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
