"""A new installation: the three steps to a first series."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign_site.home.viewpoint import Context, Viewpoint
from deliveries.models import Route
from operations.models import Operation
from recipients.models import Recipient


def steps_card(view: Viewpoint) -> Context | None:
    """Until there is a program or an operation."""
    if view.programs or Operation.objects.exists():
        return None
    steps = [
        (
            "recipients.add_recipient",
            Recipient.objects.exists(),
            _("Import recipients"),
            _("From a CSV file, on the page of the recipients or by a command."),
            reverse("admin:recipients_recipient_changelist"),
            _("Recipients"),
        ),
        (
            "deliveries.view_route",
            Route.objects.filter(Q(is_default=False) | ~Q(url="")).exists(),
            _("Choose a sending account"),
            _("The route says through which server the messages leave."),
            reverse("admin:deliveries_route_changelist"),
            _("Routes"),
        ),
        (
            "operations.add_operation",
            False,
            _("Create the birthday operation"),
            _("A template, an operation, and a workflow that runs every morning."),
            reverse("admin:operations_operation_add"),
            _("New operation"),
        ),
    ]
    names = ("is_done", "label", "text", "url", "button")
    shown = [dict(zip(names, values, strict=True)) for permission, *values in steps if view.may(permission)]
    return {"steps": shown} if shown else None
