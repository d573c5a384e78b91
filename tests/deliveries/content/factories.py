"""Deliveries with content, their frozen version, and the rows to render."""

from __future__ import annotations

from typing import Any

from deliveries.channels.base import OutgoingRow
from deliveries.models import ContentVersion, Delivery

HTML = (
    "<html><head><title>Hidden</title></head><body><p>Bonjour {{ recipient.first_name }},</p>"
    '<p><a href="https://shop.example.com/offer?a=1&amp;b=2">See the offer</a></p>'
    '<p><a href="{{ message.unsubscribe_url }}">Unsubscribe</a></p></body></html>'
)


def make_delivery(**values: Any) -> Delivery:
    defaults: dict[str, Any] = {
        "label": "Birthday",
        "subject": "Happy birthday {{ recipient.first_name }}",
        "html": HTML,
        "text": "",
        "from_name": "Comptoir",
        "from_email": "news@mail.example.com",
    }
    return Delivery.objects.create(**{**defaults, **values})


def make_row(broadlog_id: int = 7, address: str = "anne@example.com", **recipient: Any) -> OutgoingRow:
    values = {"id": 1, "email": address, "first_name": "Anne", "last_name": "Martin", "language": "fr", **recipient}
    return OutgoingRow(broadlog_id=broadlog_id, address=address, recipient=values)


def unsaved_version(**values: Any) -> ContentVersion:
    return ContentVersion(**{"html": "", "text": "", "subject": "", **values})
