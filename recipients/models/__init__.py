from recipients.models.attribute import Attribute
from recipients.models.erasure import Erasure
from recipients.models.quarantine import Quarantine
from recipients.models.recipient import Recipient
from recipients.models.recipient_list import RecipientList, RecipientListMember
from recipients.models.saved_filter import SavedFilter
from recipients.models.service import Service, Subscription, SubscriptionEvent

__all__ = [
    "Attribute",
    "Erasure",
    "Quarantine",
    "Recipient",
    "RecipientList",
    "RecipientListMember",
    "SavedFilter",
    "Service",
    "Subscription",
    "SubscriptionEvent",
]
