"""The card of a delivery that does not move: its first cause, what ends it, and every check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from deliveries.diagnosis import Cause, Examination, all_checks
from deliveries.models import Affinity, Delivery
from installation.models import Process
from installation.processes import alive

_COMMAND = re.compile(r"\./diffusion [^,;:()]*[^,;:(). ]")


@dataclass(frozen=True)
class Remedy:
    """One way out: a command to copy, a button that does it (`action` is posted with `value`), or a link."""

    title: str
    text: str = ""
    command: str = ""
    action: str = ""
    name: str = ""
    value: str = ""
    button: str = ""
    link: str = ""


def pending_card(request: HttpRequest, delivery: Delivery, now: datetime) -> dict[str, Any] | None:
    """What the card shows, or None where nothing is waited for."""
    found: Examination = all_checks(delivery, now)
    if not found.causes:
        return None
    first, *others = found.causes
    return {
        "cause": first,
        "others": others,
        "checks": found.checks,
        "since": found.waiting_since,
        "remedies": remedies(request, delivery, first, now),
        "messages": delivery.pending,
    }


def remedies(request: HttpRequest, delivery: Delivery, cause: Cause, now: datetime) -> list[Remedy]:
    """The ways out, the ones that this user may press among them; without one, what to wait for."""
    found = [*_buttons(request, delivery, cause, now)]
    command = _COMMAND.search(cause.remedy)
    if command is not None:
        found.append(Remedy(_("By a command"), _("On the machine of the process."), command=command.group()))
    return found or [Remedy(_("What to do"), cause.remedy)]


def _buttons(request: HttpRequest, delivery: Delivery, cause: Cause, now: datetime) -> list[Remedy]:
    may = request.user.has_perm
    if cause.code in ("approval_missing", "confirmation_missing") and may("deliveries.start_delivery"):
        text = _("The content and the target are those of the analysis.")
        return [Remedy(_("Confirm it"), text, action=_act(delivery, "confirm"), button=_("Confirm and send"))]
    if cause.code == "affinity_unserved" and may("deliveries.change_delivery"):
        return _other_affinities(delivery, now)
    if cause.code == "scheduled":
        link = reverse("admin:deliveries_delivery_properties", args=[delivery.pk])
        return [Remedy(_("Change the contact date"), cause.remedy, link=link, button=_("Properties"))]
    if cause.code == "throttled" and may("deliveries.view_groupstate"):
        link = reverse("admin:deliveries_groupstate_changelist")
        return [Remedy(_("See to the receivers"), cause.remedy, link=link, button=_("States of receivers"))]
    if cause.code == "route_paused" and may("deliveries.view_route"):
        return [Remedy(_("See to the route"), cause.remedy, link=_route_page(delivery), button=_("The route"))]
    return []


def _act(delivery: Delivery, name: str) -> str:
    return reverse("admin:deliveries_delivery_action", args=[delivery.pk, name])


def _route_page(delivery: Delivery) -> str:
    if delivery.route_id:
        return reverse("admin:deliveries_route_change", args=[delivery.route_id])
    return reverse("admin:deliveries_route_changelist")


def _other_affinities(delivery: Delivery, now: datetime) -> list[Remedy]:
    """Those that a living process serves."""
    served = {name for process in alive(now, Process.Kind.MTA) for name in process.affinities}
    known = Affinity.objects.filter(name__in=served).order_by("name")
    return [
        Remedy(
            _("Use another affinity"),
            _("“%(affinity)s” is served by a process that is alive.") % {"affinity": affinity.name},
            action=_act(delivery, "send_through"),
            name="affinity",
            value=str(affinity.pk),
            button=_("Send through “%(affinity)s”") % {"affinity": affinity.name},
        )
        for affinity in known
    ]
