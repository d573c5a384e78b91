"""A message needs a subject."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control


@register_control
class SubjectMissing(ControlRule):
    code = "subject_missing"
    label = gettext_lazy("Subject")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        if not delivery.subject.strip():
            yield _("The subject is empty.")
