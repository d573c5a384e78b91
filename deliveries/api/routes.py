"""The documents and actions of the deliveries: one line per list in `routes`."""

from deliveries.api.deliveries import DeliveryViewSet
from deliveries.api.logs import BroadlogViewSet, PreparationViewSet
from deliveries.api.series import DeliverySeriesViewSet
from deliveries.api.settings import AffinityViewSet, RouteViewSet, TypologyViewSet
from deliveries.api.templates import DeliveryTemplateViewSet

routes = [
    ("delivery-templates", DeliveryTemplateViewSet),
    ("deliveries", DeliveryViewSet),
    ("delivery-series", DeliverySeriesViewSet),
    ("preparations", PreparationViewSet),
    ("broadlogs", BroadlogViewSet),
    ("typologies", TypologyViewSet),
    ("routes", RouteViewSet),
    ("affinities", AffinityViewSet),
]
