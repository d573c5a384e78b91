"""A message on screen for one chosen recipient: nothing is sent, nothing is tracked."""

from __future__ import annotations

from dataclasses import dataclass

from deliveries.content.added_data import values_for_preview
from deliveries.content.analysis import ADDED
from deliveries.content.links import MESSAGE_URLS, compile_content
from deliveries.content.personalisation import RECIPIENT_FIELDS, Personaliser
from deliveries.models.settings import ContentFields
from recipients.models import Recipient


@dataclass(frozen=True)
class Preview:
    subject: str
    html: str
    text: str


def preview(content: ContentFields, recipient: Recipient, label: str) -> Preview:
    """The content as this recipient would get it, links untouched. Raises RenderingFailed or NothingToSend."""
    compiled = compile_content(html=content.html, text=content.text, tracking=False)
    sources = {"subject": content.subject, "html": compiled.html, "text": compiled.text}
    personaliser = Personaliser(sources, {"id": 0, "label": label})
    values = {name: getattr(recipient, name) for name in RECIPIENT_FIELDS}
    added = values_for_preview(content, recipient) if personaliser.needs.fields[ADDED] else None
    context = personaliser.context(values, dict.fromkeys(MESSAGE_URLS, "#"), added=added)
    return Preview(**{part: personaliser.render(part, context) for part in sources})
