"""The admin of deliveries: `delivery.py` first (its page is `tabs/`, its buttons `delivery_actions.py`), then what it
is made from (templates), what it wrote (logs), how it is sent (settings)."""

from deliveries.admin import activity_links, badges, navigation, recipient_timeline
from deliveries.admin.bounce_rules import BounceRuleAdmin
from deliveries.admin.delivery import DeliveryAdmin
from deliveries.admin.in_doubt import MessageInDoubtAdmin
from deliveries.admin.inbound import InboundMailAdmin, InboundSourceAdmin
from deliveries.admin.logs import BroadlogAdmin, PreparationAdmin
from deliveries.admin.operation_panel import deliveries_panel
from deliveries.admin.outline import DeliveryOutlineAdmin
from deliveries.admin.routes import AffinityAdmin, RouteAdmin
from deliveries.admin.series import DeliverySeriesAdmin
from deliveries.admin.settings import TypologyAdmin
from deliveries.admin.signing_keys import SigningKeyAdmin
from deliveries.admin.template import DeliveryTemplateAdmin
from deliveries.admin.throttling import GroupStateAdmin, ReceiverGroupAdmin, SendingLimitAdmin, WarmUpAdmin

__all__ = [
    "AffinityAdmin",
    "BounceRuleAdmin",
    "BroadlogAdmin",
    "DeliveryAdmin",
    "DeliveryOutlineAdmin",
    "DeliverySeriesAdmin",
    "DeliveryTemplateAdmin",
    "GroupStateAdmin",
    "InboundMailAdmin",
    "InboundSourceAdmin",
    "MessageInDoubtAdmin",
    "PreparationAdmin",
    "ReceiverGroupAdmin",
    "RouteAdmin",
    "SendingLimitAdmin",
    "SigningKeyAdmin",
    "TypologyAdmin",
    "WarmUpAdmin",
    "activity_links",
    "badges",
    "deliveries_panel",
    "navigation",
    "recipient_timeline",
]
