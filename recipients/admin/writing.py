"""Can we write to this person: address, denylist and quarantine of each channel, and what they consented to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from common.badges import Badge
from recipients.models import Quarantine, Recipient, Service, Subscription, SubscriptionEvent
from recipients.quarantine import address_key
from recipients.vocabulary import Channel, FailureReason

# The channels that have an address on the profile.
ADDRESSES = {Channel.EMAIL: ("email", "mail"), Channel.SMS: ("mobile_phone", "message-square")}
_BARRED = (Quarantine.Status.QUARANTINED, Quarantine.Status.DENYLISTED)


@dataclass(frozen=True)
class Way:
    """One channel; `evidence` says where the state comes from."""

    label: Any
    icon: str
    address: str
    badge: Badge
    evidence: Sequence[str] = ()


@dataclass(frozen=True)
class Consent:
    service: Service
    is_subscribed: bool
    since: datetime


def ways_of(recipient: Recipient) -> list[Way]:
    states = _states(recipient)
    return [
        _way(channel, icon, getattr(recipient, field), recipient, states.get(str(channel.value)))
        for channel, (field, icon) in ADDRESSES.items()
    ]


def _states(recipient: Recipient) -> dict[str, Quarantine]:
    """Of all channels at once."""
    keys = {
        str(channel.value): address_key(channel, getattr(recipient, field))
        for channel, (field, _i) in ADDRESSES.items()
    }
    rows = Quarantine.objects.filter(channel__in=list(keys), address__in=[key for key in keys.values() if key])
    return {row.channel: row for row in rows if keys[row.channel] == row.address}


def _way(channel: Channel, icon: str, address: str, recipient: Recipient, state: Quarantine | None) -> Way:
    names = [name for name in ("denylist_all", f"denylist_{channel.value}") if getattr(recipient, name)]
    labels = [str(Recipient._meta.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]
    if labels:
        look = Badge("mute", "ban", _("Denylisted"))
    elif not address:
        look = Badge("mute", "circle-minus", _("No address"))
    elif state is not None and state.status in _BARRED:
        is_quarantine = state.status == Quarantine.Status.QUARANTINED
        look = Badge(*(("bad", "shield-alert") if is_quarantine else ("mute", "ban")), state.get_status_display())
    elif state is not None and state.status == Quarantine.Status.WITH_ERRORS:
        look = Badge("warn", "triangle-alert", state.get_status_display())
    else:
        look = Badge("ok", "check", _("Yes"))
    return Way(channel.label, icon, address, look, [*labels, *(_evidence(state) if state is not None else [])])


def _evidence(state: Quarantine) -> list[str]:
    if state.status == Quarantine.Status.VALID:
        return []
    at = date_format(localtime(state.last_error_at or state.updated_at), "DATETIME_FORMAT")
    said = [_("%(state)s, %(at)s") % {"state": state.get_status_display(), "at": at}]
    if state.failure_reason:
        said.append(str(FailureReason(state.failure_reason).label))
    if state.delivery_label:
        said.append(_("in “%(delivery)s”") % {"delivery": state.delivery_label})
    return [" – ".join(said), *([state.error_text[:300]] if state.error_text else [])]


def consents_of(recipient: Recipient) -> list[Consent]:
    """Each service that the person is, or was, subscribed to."""
    rows = Subscription.objects.filter(recipient=recipient).select_related("service")
    found = {row.service_id: Consent(row.service, True, row.created_at) for row in rows}
    events = SubscriptionEvent.objects.filter(recipient=recipient).select_related("service").order_by("-at")
    for event in events[:200]:
        if event.action == SubscriptionEvent.Action.UNSUBSCRIBE:
            found.setdefault(event.service_id, Consent(event.service, False, event.at))
    return sorted(found.values(), key=lambda consent: (not consent.is_subscribed, consent.service.label))
