"""Personalisation must compile and name fields that exist."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.content.personalisation import check
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control


@register_control
class Personalisation(ControlRule):
    code = "personalisation"
    label = gettext_lazy("Personalisation")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        for problem in check(delivery):
            # Line 0 is the part as a whole.
            where = _("%(part)s, line %(line)d: %(message)s") if problem.line else _("%(part)s: %(message)s")
            yield where % {"part": problem.part, "line": problem.line, "message": problem.message}
