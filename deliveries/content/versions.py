"""Frozen content: what an analysis found is what will be sent, whatever is edited afterwards."""

from __future__ import annotations

import hashlib
import json

from django.db import transaction
from django.db.models import Max

from deliveries.content.links import compile_content
from deliveries.models import ContentVersion, Delivery, TrackedUrl
from deliveries.models.settings import ContentFields


def content_hash(content: ContentFields) -> str:
    """Equal for equal contents, whichever row holds them."""
    values = {name: getattr(content, name) for name in ContentFields.CONTENT_FIELDS}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def freeze(delivery: Delivery) -> ContentVersion:
    """The version of the delivery's present content, made with its tracked URLs if there is none yet."""
    Delivery.objects.select_for_update().get(pk=delivery.pk)
    digest = content_hash(delivery)
    existing = ContentVersion.objects.filter(delivery=delivery, hash=digest).first()
    if existing is not None:
        return existing
    compiled = compile_content(html=delivery.html, text=delivery.text, tracking=delivery.tracking_enabled)
    version = ContentVersion.objects.create(
        delivery=delivery,
        number=_next_number(delivery),
        hash=digest,
        compiled_html=compiled.html,
        compiled_text=compiled.text,
        **{name: getattr(delivery, name) for name in ContentFields.CONTENT_FIELDS},
    )
    TrackedUrl.objects.bulk_create(
        TrackedUrl(content_version=version, number=link.number, url=link.url, label=link.label, kind=link.kind)
        for link in compiled.links
    )
    return version


def _next_number(delivery: Delivery) -> int:
    latest = ContentVersion.objects.filter(delivery=delivery).aggregate(latest=Max("number"))["latest"]
    return (latest or 0) + 1
