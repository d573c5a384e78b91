"""How fast receivers are sent to: their groups and limits, what they taught us, plans for new addresses."""

from deliveries.admin.throttling.receivers import ReceiverGroupAdmin, SendingLimitAdmin
from deliveries.admin.throttling.states import GroupStateAdmin
from deliveries.admin.throttling.warm_ups import WarmUpAdmin

__all__ = ["GroupStateAdmin", "ReceiverGroupAdmin", "SendingLimitAdmin", "WarmUpAdmin"]
