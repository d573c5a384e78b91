"""The API's documents about people: `routes` are what the site's router registers."""

from recipients.api.lists import RecipientListViewSet
from recipients.api.quarantine import QuarantineViewSet
from recipients.api.recipients import RecipientViewSet
from recipients.api.services import ServiceViewSet, SubscriptionViewSet

routes = [
    ("recipients", RecipientViewSet),
    ("recipient-lists", RecipientListViewSet),
    ("services", ServiceViewSet),
    ("subscriptions", SubscriptionViewSet),
    ("quarantine", QuarantineViewSet),
]
