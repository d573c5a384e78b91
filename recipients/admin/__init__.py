"""Pages of people, lists, services and quarantine."""

from recipients.admin.quarantine import QuarantineAdmin
from recipients.admin.recipient import RecipientAdmin
from recipients.admin.recipient_list import RecipientListAdmin
from recipients.admin.service import ServiceAdmin
from recipients.admin.subscription_event import SubscriptionEventAdmin

__all__ = ["QuarantineAdmin", "RecipientAdmin", "RecipientListAdmin", "ServiceAdmin", "SubscriptionEventAdmin"]
