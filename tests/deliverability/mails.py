"""Many different messages of ours: names from the corpus, long lines, conditions, every header."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from deliveries.channels.base import Message
from deliveries.channels.email.mime import EmailRenderer
from deliveries.content.versions import freeze
from deliveries.models import Delivery
from recipients.models import Service
from tests.deliveries.content.factories import make_delivery, make_row
from tests.payloads import payloads

HTML = (
    "<html><body>\n\t<p>Bonjour   {{ recipient.first_name }} {{ recipient.last_name }},  </p>\n. dots\n\n"
    f"<p>{'a very long line ' * 400}</p>\n"
    '{% if recipient.id %}<p><a href="https://shop.example.com/offer">été</a></p>{% endif %}\n'
    '<p><a href="{{ message.unsubscribe_url }}">Unsubscribe</a></p></body></html>\n\n\n'
)
SENDER_DOMAIN = "mail.example.com"


def make_mailing(**values: Any) -> Delivery:
    if "service" not in values:
        values["service"] = Service.objects.create(label="Newsletter", internal_name="newsletter")
    defaults = {"html": HTML, "subject": "{{ recipient.first_name }}, été", "reply_to": f"care@{SENDER_DOMAIN}"}
    return make_delivery(**{**defaults, **values})


def messages(delivery: Delivery, count: int) -> Iterator[Message]:
    """The names are the corpus's naughty strings, over and over."""
    renderer = EmailRenderer(delivery, freeze(delivery))
    names = payloads("naughty-strings")
    for number in range(1, count + 1):
        name = names[number % len(names)]
        yield renderer.render(make_row(number, f"person{number}@example.net", first_name=name, last_name=f"N{number}"))


def parse(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed
