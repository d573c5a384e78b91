"""How states of deliveries and messages look."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.badges import Badge, badge, register
from deliveries.models import Broadlog, Delivery, DeliveryState, MessageStatus

register(
    {
        MessageStatus.NOT_APPLICABLE: ("mute", "circle-minus"),
        MessageStatus.IGNORED: ("mute", "funnel"),
        MessageStatus.CANCELLED: ("mute", "circle-slash"),
        MessageStatus.PENDING: ("wait", "clock"),
        MessageStatus.PREPARED: ("wait", "package"),
        MessageStatus.TAKEN_INTO_ACCOUNT: ("run", "handshake"),
        MessageStatus.SENT_TO_PROVIDER: ("run", "send"),
        MessageStatus.SENT: ("ok", "check"),
        MessageStatus.RECEIVED_ON_MOBILE: ("ok", "smartphone"),
        MessageStatus.FAILED: ("bad", "octagon-x"),
    }
)
# Apart: in one dictionary, members of two enumerations with the same number would be one key.
register(
    {
        DeliveryState.EDITED: ("mute", "pencil"),
        DeliveryState.STOPPED: ("mute", "square"),
        DeliveryState.TARGET_PENDING: ("wait", "clock"),
        DeliveryState.TARGET_READY: ("wait", "users"),
        DeliveryState.MESSAGE_READY: ("wait", "mail-check"),
        DeliveryState.READY: ("wait", "flag"),
        DeliveryState.TARGET_COUNTING: ("run", "loader-circle"),
        DeliveryState.MESSAGE_PREPARING: ("run", "loader-circle"),
        DeliveryState.IN_PROGRESS: ("run", "loader-circle"),
        DeliveryState.START_PENDING: ("warn", "hourglass"),
        DeliveryState.RETRY_PENDING: ("warn", "rotate-cw"),
        DeliveryState.PAUSING: ("warn", "circle-pause"),
        DeliveryState.PAUSED: ("warn", "pause"),
        DeliveryState.PREPARATION_FAILED: ("bad", "octagon-x"),
        DeliveryState.FAILED: ("bad", "octagon-x"),
        DeliveryState.FINISHED: ("ok", "check-check"),
    }
)
IN_DOUBT = Badge("doubt", "circle-question-mark", _("In doubt"))
# The counters of the account and how each of them looks, in its order.
ACCOUNT: list[tuple[str, Badge]] = [
    ("sent", badge(MessageStatus.SENT)),
    ("taken_into_account", badge(MessageStatus.TAKEN_INTO_ACCOUNT)),
    ("received_on_mobile", badge(MessageStatus.RECEIVED_ON_MOBILE)),
    ("sent_to_provider", badge(MessageStatus.SENT_TO_PROVIDER)),
    ("pending", badge(MessageStatus.PENDING)),
    ("prepared", badge(MessageStatus.PREPARED)),
    ("in_doubt", IN_DOUBT),
    ("failed", badge(MessageStatus.FAILED)),
    ("ignored", badge(MessageStatus.IGNORED)),
    ("not_applicable", badge(MessageStatus.NOT_APPLICABLE)),
    ("cancelled", badge(MessageStatus.CANCELLED)),
]


def state_badge(delivery: Delivery) -> Badge:
    """The state; a stop that is under way is said, although the state has not moved yet."""
    if delivery.stop_requested:
        return Badge("warn", "square", _("Stopping"), _("Its stop has been requested"))
    return badge(DeliveryState(delivery.state))


def message_badge(row: Broadlog) -> Badge:
    return IN_DOUBT if row.in_doubt_since is not None else badge(MessageStatus(row.status))
