"""What the site's router registers."""

from __future__ import annotations

from rest_framework.viewsets import GenericViewSet

from recipients.api.filters import AttributeViewSet, SavedFilterViewSet
from recipients.api.lists import RecipientListViewSet
from recipients.api.quarantine import QuarantineViewSet
from recipients.api.recipients import RecipientViewSet
from recipients.api.services import ServiceViewSet, SubscriptionViewSet

routes: list[tuple[str, type[GenericViewSet]]] = [  # type: ignore[type-arg]
    ("recipients", RecipientViewSet),
    ("recipient-lists", RecipientListViewSet),
    ("services", ServiceViewSet),
    ("subscriptions", SubscriptionViewSet),
    ("quarantine", QuarantineViewSet),
    ("attributes", AttributeViewSet),
    ("saved-filters", SavedFilterViewSet),
]
