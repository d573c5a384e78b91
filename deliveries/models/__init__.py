from deliveries.models.broadlog import MESSAGE_MOVES, Broadlog, MessageInDoubt, MessageStatus
from deliveries.models.content import ContentVersion, TrackedUrl
from deliveries.models.delivery import (
    CONTINUOUS_MOVES,
    DELIVERY_MOVES,
    Delivery,
    DeliveryKind,
    DeliverySeries,
    DeliveryState,
    RequestedAction,
)
from deliveries.models.inbound import BounceRule, InboundMail, InboundSource, MailKind
from deliveries.models.outline import DeliveryOutline
from deliveries.models.part import DeliveryPart, PartState
from deliveries.models.preparation import Preparation, PreparationLog, PreparationState
from deliveries.models.progress import DeliveryMinute, OperationReach
from deliveries.models.route import Affinity, Authentication, Relay, Route
from deliveries.models.signing import SigningKey
from deliveries.models.template import DeliveryTemplate
from deliveries.models.throttle import DailyVolume, GroupState, ReceiverGroup, SendingLimit, TokenBucket, WarmUp
from deliveries.models.typology import Typology, TypologyRule

__all__ = [
    "CONTINUOUS_MOVES",
    "DELIVERY_MOVES",
    "MESSAGE_MOVES",
    "Affinity",
    "Authentication",
    "BounceRule",
    "Broadlog",
    "ContentVersion",
    "DailyVolume",
    "Delivery",
    "DeliveryKind",
    "DeliveryMinute",
    "DeliveryOutline",
    "DeliveryPart",
    "DeliverySeries",
    "DeliveryState",
    "DeliveryTemplate",
    "GroupState",
    "InboundMail",
    "InboundSource",
    "MailKind",
    "MessageInDoubt",
    "MessageStatus",
    "OperationReach",
    "PartState",
    "Preparation",
    "PreparationLog",
    "PreparationState",
    "ReceiverGroup",
    "Relay",
    "RequestedAction",
    "Route",
    "SendingLimit",
    "SigningKey",
    "TokenBucket",
    "TrackedUrl",
    "Typology",
    "TypologyRule",
    "WarmUp",
]
