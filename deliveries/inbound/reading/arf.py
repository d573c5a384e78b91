"""Complaints in the Abuse Reporting Format (RFC 5965), and the reports of that format that are none."""

from __future__ import annotations

from dataclasses import dataclass

from deliveries.inbound.reading.found import address_of
from deliveries.inbound.reading.structure import Part, header_block

# Reports about authentication, and the withdrawal of a complaint.
NO_COMPLAINTS = ("auth-failure", "dmarc", "not-spam")
_RECIPIENT = ("original-rcpt-to", "removal-recipient", "x-hmxmroriginalrecipient", "original-recipient")


@dataclass(frozen=True, slots=True)
class Feedback:
    feedback_type: str
    recipients: tuple[str, ...]
    mail_from: str = ""

    @property
    def complains(self) -> bool:
        return self.feedback_type not in NO_COMPLAINTS


def feedback(mail: Part) -> Feedback | None:
    """The report that the mail carries, or None."""
    for part in mail.walk():
        if part.content_type == "message/feedback-report":
            return _feedback(part.text())
    # A report whose parts lost their types still says what it is.
    if mail.parameters.get("report-type", "").lower() == "feedback-report":
        return _feedback("\n".join(part.text() for part in mail.walk() if not part.parts))
    return None


def complainers(original: Part) -> tuple[str, ...]:
    """Who complains when no report says it but the message itself does."""
    return tuple(filter(None, (address_of(original.header(name)) for name in _RECIPIENT)))


def _feedback(text: str) -> Feedback:
    fields = header_block(text)
    found = [address_of(value) for name, value in fields if name in _RECIPIENT]
    first = dict(reversed(fields))
    return Feedback(
        feedback_type=first.get("feedback-type", "").partition(" ")[0].strip().lower() or "abuse",
        recipients=tuple(dict.fromkeys(filter(None, found))),
        mail_from=address_of(first.get("original-mail-from", "")),
    )
