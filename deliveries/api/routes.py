"""The documents and actions of the deliveries: one line per list in `routes`."""

from deliveries.api.deliveries import DeliveryViewSet
from deliveries.api.inbound import InboundMailViewSet, InboundSourceViewSet
from deliveries.api.logs import BroadlogViewSet, PreparationViewSet
from deliveries.api.outlines import DeliveryOutlineViewSet
from deliveries.api.sending import AffinityViewSet, RouteViewSet
from deliveries.api.series import DeliverySeriesViewSet
from deliveries.api.settings import TypologyViewSet
from deliveries.api.signing_keys import SigningKeyViewSet
from deliveries.api.templates import DeliveryTemplateViewSet
from deliveries.api.throttling import (
    ReceiverGroupViewSet,
    ReceiverStateViewSet,
    SendingLimitViewSet,
    WarmUpViewSet,
)

routes = [
    ("delivery-templates", DeliveryTemplateViewSet),
    ("deliveries", DeliveryViewSet),
    ("delivery-series", DeliverySeriesViewSet),
    ("delivery-outlines", DeliveryOutlineViewSet),
    ("preparations", PreparationViewSet),
    ("broadlogs", BroadlogViewSet),
    ("typologies", TypologyViewSet),
    ("routes", RouteViewSet),
    ("affinities", AffinityViewSet),
    ("signing-keys", SigningKeyViewSet),
    ("receiver-groups", ReceiverGroupViewSet),
    ("sending-limits", SendingLimitViewSet),
    ("receiver-states", ReceiverStateViewSet),
    ("warm-ups", WarmUpViewSet),
    ("inbound-sources", InboundSourceViewSet),
    ("inbound-mails", InboundMailViewSet),
]
