"""A message needs a body."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control


@register_control
class ContentEmpty(ControlRule):
    code = "content_empty"
    label = gettext_lazy("Content")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        if not delivery.html.strip() and not delivery.text.strip():
            yield _("The content is empty: write an HTML or a text version.")
