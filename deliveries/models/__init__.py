from deliveries.models.broadlog import MESSAGE_MOVES, Broadlog, MessageStatus
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
from deliveries.models.part import DeliveryPart, PartState
from deliveries.models.preparation import Preparation, PreparationLog, PreparationState
from deliveries.models.route import Affinity, Route
from deliveries.models.template import DeliveryTemplate
from deliveries.models.typology import Typology, TypologyRule

__all__ = [
    "CONTINUOUS_MOVES",
    "DELIVERY_MOVES",
    "MESSAGE_MOVES",
    "Affinity",
    "Broadlog",
    "ContentVersion",
    "Delivery",
    "DeliveryKind",
    "DeliveryPart",
    "DeliverySeries",
    "DeliveryState",
    "DeliveryTemplate",
    "MessageStatus",
    "PartState",
    "Preparation",
    "PreparationLog",
    "PreparationState",
    "RequestedAction",
    "Route",
    "TrackedUrl",
    "Typology",
    "TypologyRule",
]
