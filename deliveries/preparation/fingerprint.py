"""What an analysis was made of. Affinity, route, priority and contact date are left out: they may change after it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from deliveries.content.versions import content_hash
from deliveries.models import Delivery, DeliveryKind, Preparation

MATTERING_SETTINGS = (
    "channel",
    "approval_mode",
    "typology_id",
    "service_id",
    "validity_days",
    "in_doubt_policy",
    "keep_ignored",
)


def fingerprint(preparation: Preparation, delivery: Delivery) -> str:
    """Equal as long as nothing that the analysis looked at has changed."""
    document: dict[str, Any] = {
        "content": _content(preparation, delivery),
        "target": delivery.target,
        "proof_target": delivery.proof_target,
        "population": preparation.population_id,
        **{name: getattr(delivery, name) for name in MATTERING_SETTINGS},
    }
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(preparation: Preparation, delivery: Delivery) -> str:
    # An edited continuous delivery goes on: each of its analyses sends the version that it froze.
    if delivery.kind == DeliveryKind.CONTINUOUS and preparation.content_version is not None:
        return preparation.content_version.hash
    return content_hash(delivery)
