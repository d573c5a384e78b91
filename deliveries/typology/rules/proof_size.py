"""A proof is for a few people: a large one is a delivery that nobody checked."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import Delivery, DeliveryKind, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control

MAXIMUM_PROOF_SIZE = 100


@register_control
class ProofSize(ControlRule):
    code = "proof_size"
    label = gettext_lazy("Proof size")
    after_targeting = True

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        if delivery.kind == DeliveryKind.PROOF and preparation.to_deliver > MAXIMUM_PROOF_SIZE:
            yield _("A proof goes to at most %(maximum)d people, not %(number)d.") % {
                "maximum": MAXIMUM_PROOF_SIZE,
                "number": preparation.to_deliver,
            }
