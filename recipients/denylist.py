"""People who no longer want to be contacted, on one channel or at all."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from recipients.models import Recipient
from recipients.vocabulary import Channel

EVERY_CHANNEL = "all"
COLUMNS = {
    str(Channel.EMAIL.value): "denylist_email",
    str(Channel.SMS.value): "denylist_sms",
    str(Channel.PUSH.value): "denylist_push",
    str(Channel.FILE.value): "denylist_file",
    EVERY_CHANNEL: "denylist_all",
}


def add_to_denylist(*, recipient_id: int, channel: str, now: datetime) -> bool:
    """Never contact the person on this channel again (`all`: on none); False if that was so already."""
    column = COLUMNS[str(channel)]
    rows = Recipient.objects.filter(Q((column, False)), pk=recipient_id)
    return bool(rows.update(updated_at=now, **{column: True}))
