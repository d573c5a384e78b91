"""Templates in an export: content in full, rows of other tables by their internal name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from deliveries.models import DeliveryTemplate
from deliveries.templates import COPIED_FIELDS
from operations.workflow.config import InvalidConfig


def export_content(template: DeliveryTemplate) -> dict[str, Any]:
    """Content and sending settings, readable in another installation."""
    return {"label": template.label, **{name: _exported(template, name) for name in COPIED_FIELDS}}


def import_content(template: DeliveryTemplate, document: Mapping[str, Any]) -> None:
    """Put an exported content back. Raises InvalidConfig for a row that does not exist here."""
    known = [name for name in ("label", *COPIED_FIELDS) if name in document]
    for name in known:
        setattr(template, name, _imported(name, document[name]))
    template.full_clean(exclude=[field.name for field in template._meta.fields if field.name not in known])
    template.save()


def template_number(name: object) -> int:
    """The number of the template with this internal name. Raises InvalidConfig."""
    template = DeliveryTemplate.objects.filter(internal_name=str(name), activity__isnull=True).first()
    if template is None:
        sentence = _("There is no delivery template %(name)s.") % {"name": name}
        raise InvalidConfig(sentence, fields={"template": [sentence]})
    return template.pk


def _exported(template: DeliveryTemplate, name: str) -> Any:
    value = getattr(template, name)
    return getattr(value, _key(value)) if isinstance(value, models.Model) else value


def _imported(name: str, value: Any) -> Any:
    model = DeliveryTemplate._meta.get_field(name).related_model
    if model is None or value is None:
        return value
    if isinstance(model, str):
        raise TypeError(model)
    row = model._default_manager.filter(**{_key(model): value}).first()
    if row is None:
        sentence = _("%(field)s: there is no %(name)s here.") % {"field": name, "name": value}
        raise InvalidConfig(sentence, fields={name: [sentence]})
    return row


def _key(model: models.Model | type[models.Model]) -> str:
    # An affinity is known by the name that the sending processes give.
    return "internal_name" if hasattr(model, "internal_name") else "name"
