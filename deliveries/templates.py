"""Local templates: the copy of a template that belongs to one activity and is edited there."""

from __future__ import annotations

from django.db import transaction

from deliveries.models import Delivery, DeliveryTemplate
from operations.models import Activity

COPIED_FIELDS = (*DeliveryTemplate.CONTENT_FIELDS, *DeliveryTemplate.SENDING_FIELDS)


@transaction.atomic
def set_local_template(activity: Activity, source_id: int) -> DeliveryTemplate:
    """Copy the template into the activity's own, made now if it has none; later changes of the source don't follow."""
    source = DeliveryTemplate.objects.get(pk=source_id)
    local = DeliveryTemplate.objects.filter(activity=activity).first() or DeliveryTemplate(activity=activity)
    local.label, local.source = source.label, source
    copy_fields(source, local)
    local.save()
    return local


def copy_fields(source: DeliveryTemplate | Delivery, target: DeliveryTemplate | Delivery) -> None:
    """Content and sending settings; labels and owners are the caller's."""
    for name in COPIED_FIELDS:
        setattr(target, name, getattr(source, name))
