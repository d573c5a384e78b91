"""The mirror page: the message as it was sent to one person, made again from its content version."""

from __future__ import annotations

from dataclasses import dataclass

from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.content.added_data import values_of
from deliveries.content.analysis import ADDED
from deliveries.content.links import MESSAGE_URLS, click_url
from deliveries.content.personalisation import Personaliser
from deliveries.models import Broadlog
from tracking.messages import UnknownLink, recipient_of, recipient_values, version_of


@dataclass(frozen=True)
class MirrorPage:
    content: str
    is_html: bool

    @property
    def content_type(self) -> str:
        return "text/html; charset=utf-8" if self.is_html else "text/plain; charset=utf-8"


def mirror_page(message: Broadlog) -> MirrorPage:
    """Links are tracked as in the mail; there is no pixel, the page itself is the hit."""
    version = version_of(message)
    html = bool(version.compiled_html.strip())
    part, source = ("html", version.compiled_html) if html else ("text", version.compiled_text)
    numbers = version.tracked_urls.order_by("-number").values_list("number", flat=True)
    links = [click_url(message.pk, number) for number in range((numbers.first() or 0) + 1)]
    urls = {name: build(message.pk) for name, build in MESSAGE_URLS.items()}
    try:
        personaliser = Personaliser({part: source}, {"id": message.delivery_id, "label": message.delivery.label})
        values = recipient_values(recipient_of(message))
        added = values_of(message) if personaliser.needs.fields[ADDED] else None
        content = personaliser.render(part, personaliser.context(values, urls, links, added=added))
    except (RenderingFailed, NothingToSend):
        raise UnknownLink from None
    return MirrorPage(content, html)
