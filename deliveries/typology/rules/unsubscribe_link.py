"""Each version of the content should let people unsubscribe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule, Level
from deliveries.typology.registry import register_control

UNSUBSCRIBE = re.compile(r"\{\{[-+]?\s*message\.unsubscribe_url\b")


@register_control
class UnsubscribeLink(ControlRule):
    code = "unsubscribe_link"
    label = gettext_lazy("Unsubscription link")
    level = Level.WARNING

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[Sentence]:
        if delivery.html.strip() and not UNSUBSCRIBE.search(delivery.html):
            yield Sentence(gettext_noop("The HTML content has no unsubscription link ({{ message.unsubscribe_url }})."))
        if delivery.text.strip() and not UNSUBSCRIBE.search(delivery.text):
            yield Sentence(gettext_noop("The text content has no unsubscription link ({{ message.unsubscribe_url }})."))
