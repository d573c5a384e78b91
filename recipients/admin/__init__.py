"""Pages of people, lists, services and quarantine."""

from recipients.admin import navigation
from recipients.admin.attribute import AttributeAdmin
from recipients.admin.quarantine import QuarantineAdmin
from recipients.admin.recipient import RecipientAdmin
from recipients.admin.recipient_list import RecipientListAdmin
from recipients.admin.saved_filter import SavedFilterAdmin
from recipients.admin.service import ServiceAdmin
from recipients.admin.subscription_event import SubscriptionEventAdmin

__all__ = [
    "AttributeAdmin",
    "QuarantineAdmin",
    "RecipientAdmin",
    "RecipientListAdmin",
    "SavedFilterAdmin",
    "ServiceAdmin",
    "SubscriptionEventAdmin",
    "navigation",
]
