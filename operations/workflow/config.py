"""Activity configurations: Django forms that refuse unknown keys by name and fill in absent ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.workflow.base import Scope


class InvalidConfig(Invalid):
    """The configuration of an activity is wrong; `fields` names the keys."""

    code = "invalid_config"


class ConfigForm(forms.Form):
    """Base of every `Config`. Its fields' `initial` values are the defaults; `scope` and `sources` are given."""

    scope: Scope
    sources: Sequence[str]


def clean_config(
    form_class: type[ConfigForm], config: Mapping[str, Any], *, scope: Scope, sources: Sequence[str]
) -> dict[str, Any]:
    """The cleaned configuration (JSON values); InvalidConfig names every wrong key."""
    if not isinstance(config, Mapping):
        raise InvalidConfig(_("A configuration is an object."))
    _refuse_unknown(form_class, config)
    defaults = {name: field.initial for name, field in form_class.base_fields.items() if field.initial is not None}
    form = form_class({**defaults, **config})
    form.scope, form.sources = scope, sources
    if not form.is_valid():
        fields = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        raise InvalidConfig("; ".join(f"{name}: {texts[0]}" for name, texts in fields.items()), fields=fields)
    return dict(form.cleaned_data)


def _refuse_unknown(form_class: type[ConfigForm], config: Mapping[str, Any]) -> None:
    known = list(form_class.base_fields)
    unknown = sorted(set(config) - set(known))
    if unknown:
        sentence = _("%(unknown)s: unknown key; there are %(known)s.") % {
            "unknown": ", ".join(unknown),
            "known": ", ".join(known) or _("none"),
        }
        raise InvalidConfig(sentence, fields={name: [sentence] for name in unknown})
