"""What tracking keeps of a person: with what they opened their mails. That they did is still counted."""

from __future__ import annotations

from datetime import datetime

from recipients.erasure.erase import erasers
from recipients.erasure.person import Person
from tracking.models import TrackingLog


@erasers.register("tracking")
def erase(person: Person, *, now: datetime) -> int:
    return TrackingLog.objects.filter(recipient=person.id).exclude(user_agent="").update(user_agent="")
