"""Where a click leads: the stored link, personalised for this recipient, never another host."""

from __future__ import annotations

from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.content.added_data import values_of
from deliveries.content.analysis import ADDED
from deliveries.content.links import static_origin
from deliveries.content.personalisation import Personaliser
from deliveries.models import Broadlog, TrackedUrl
from tracking.messages import UnknownLink, recipient_of, recipient_values


def target_of(message: Broadlog, link: TrackedUrl) -> str:
    """The absolute URL. Raises UnknownLink if this recipient's values don't make one on the stored host."""
    if "{{" not in link.url and "{%" not in link.url:
        return link.url
    delivery = message.delivery
    try:
        personaliser = Personaliser({"url": link.url}, {"id": delivery.pk, "label": delivery.label}, quoted=True)
        values = recipient_values(recipient_of(message))
        added = values_of(message) if personaliser.needs.fields[ADDED] else None
        url = personaliser.render("url", personaliser.context(values, {}, added=added))
    except (RenderingFailed, NothingToSend):
        raise UnknownLink from None
    if static_origin(url) is None or static_origin(url) != static_origin(link.url):
        raise UnknownLink
    return url
