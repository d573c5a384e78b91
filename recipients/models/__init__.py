from recipients.models.quarantine import Quarantine
from recipients.models.recipient import Recipient
from recipients.models.recipient_list import RecipientList, RecipientListMember
from recipients.models.service import Service, Subscription, SubscriptionEvent

__all__ = [
    "Quarantine",
    "Recipient",
    "RecipientList",
    "RecipientListMember",
    "Service",
    "Subscription",
    "SubscriptionEvent",
]
