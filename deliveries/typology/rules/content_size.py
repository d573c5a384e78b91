"""The size of the HTML as it will leave, its links rewritten: some readers cut long messages."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from deliveries.content.links import compile_content, sized
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule, Level
from deliveries.typology.registry import register_control

# Gmail shows about 102 kB and hides the rest, the unsubscription link with it.
SHOWN_BYTES = 100_000


@register_control
class ContentSize(ControlRule):
    code = "content_size"
    label = gettext_lazy("Size of the HTML content")
    level = Level.WARNING

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[Sentence]:
        compiled = compile_content(html=delivery.html, text=delivery.text, tracking=delivery.tracking_enabled)
        size = len(sized(compiled.html).encode("utf-8", "replace"))
        if size > SHOWN_BYTES:
            yield Sentence(
                gettext_noop("The HTML content has %(size)d bytes: Gmail cuts messages of more than about 102,000."),
                {"size": size},
            )
