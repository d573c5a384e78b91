"""Routes: which one a delivery uses, and its pauses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Refused
from deliveries.models import Delivery, Route
from recipients.vocabulary import Channel

DEFAULT_ROUTE = "default"


class NoRoute(Refused):
    code = "no_route"


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
    return delivery.route or default_route(delivery.channel)


def default_route(channel: str) -> Route:
    """The default route of a channel; raises NoRoute."""
    makes_default = _DEFAULT_MAKERS.get(channel)
    default = makes_default() if makes_default else _default_of(channel)
    if default is None:
        raise NoRoute(
            _("There is no default route for the channel %(channel)s: make one or choose a route for this delivery.")
            % {"channel": channel}
        )
    return default


def _default_of(channel: str) -> Route | None:
    return Route.objects.filter(channel=channel, is_default=True).first()


# A channel that works out of the box makes its default route when it is first asked for.
_DEFAULT_MAKERS: dict[str, Callable[[], Route]] = {Channel.EMAIL: ensure_default_route}


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
