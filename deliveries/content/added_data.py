"""What the workflow added to one person, for one message: the claim of a part reads a whole part's at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deliveries.models import Broadlog, Delivery, Preparation
from deliveries.models.settings import ContentFields
from operations.models import Population, PopulationData
from recipients.models import Recipient


def values_of(message: Broadlog) -> Mapping[str, Any]:
    """The values with which the message was made; none once the run's populations are purged."""
    if message.recipient_id is None:
        return {}
    return _values(message.preparation.population_id, message.recipient_id)


def values_for_preview(content: ContentFields, recipient: Recipient) -> Mapping[str, Any]:
    """The values in the delivery's latest analysis; a template has none."""
    if not isinstance(content, Delivery):
        return {}
    analyses = Preparation.objects.filter(delivery=content, population__isnull=False)
    latest = analyses.order_by("-number").values_list("population_id", flat=True).first()
    return _values(latest, recipient.pk)


def _values(population: int | None, recipient: int) -> Mapping[str, Any]:
    if population is None:
        return {}
    source = Population.objects.filter(pk=population).values("data_source")
    rows = PopulationData.objects.filter(population__in=source, recipient_id=recipient)
    return rows.values_list("data", flat=True).first() or {}
