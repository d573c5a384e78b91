"""The e-mail channel: the recipient's address, the renderer and the SMTP connector."""

from __future__ import annotations

from django.db.models import Case, CharField, Expression, F, Q, Value, When
from django.db.models.functions import Cast, StrIndex, Trim
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from deliveries.channels.base import Channel, Connector
from deliveries.channels.email.addresses import check_address
from deliveries.channels.email.mime import EmailRenderer
from deliveries.channels.registry import channels
from deliveries.models import Affinity, ContentVersion, Delivery, Route


class EmailChannel(Channel):
    code = "email"
    label = _("E-mail")
    denylist_field = "denylist_email"
    routes_can_be_tried = True

    def address(self) -> F | Expression:
        # Few have a space to take away, and PostgreSQL's TRIM takes letters of several bytes one by one.
        spaceless = When(Exact(StrIndex("email", Value(" ")), 0), then=F("email"))
        return Case(spaceless, default=Cast(Trim("email"), CharField(max_length=254)))

    def address_key(self) -> F | Expression:
        return F("email_key")

    def invalid_address(self) -> Q:
        # Only spaces is no address at all, which is another reason.
        return Q(email_plausible=False) & ~Q(email_key="")

    def check_address(self, address: str) -> str:
        return check_address(address)

    def renderer(self, delivery: Delivery, version: ContentVersion) -> EmailRenderer:
        return EmailRenderer(delivery, version)

    def connector(self, route: Route, affinity: Affinity | None = None) -> Connector:
        # Imported here: only sender processes need the SMTP client and its event loop.
        from deliveries.channels.email.smtp import route_connector

        return route_connector(route, affinity)


channels.add(EmailChannel.code, EmailChannel())
