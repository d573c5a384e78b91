"""The form of a workflow: its settings, and its definition as one document."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from operations.models import Workflow
from operations.workflow.definition import read_definition
from operations.workflow.graph import UNFINISHED, find_faults


class DocumentField(forms.JSONField):
    widget = forms.Textarea(attrs={"rows": 30, "cols": 110, "spellcheck": "false", "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput | str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class WorkflowForm(forms.ModelForm[Workflow]):
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    definition = DocumentField(
        label=gettext_lazy("Definition"),
        required=False,
        help_text=gettext_lazy("Activities and the transitions between them. Leave the version as it is."),
    )

    class Meta:
        model = Workflow
        fields = ["label", "internal_name", "operation", "time_zone", "description"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            zones = [(name, name) for name in sorted(available_timezones())]
            default = _("%(zone)s (of the installation)") % {"zone": settings.TIME_ZONE}
            self.fields["time_zone"].choices = [("", default), *zones]  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial.setdefault("definition", read_definition(self.instance))

    def definition_changed(self) -> bool:
        return "definition" in self.fields and self.cleaned_data.get("definition") != self.initial.get("definition")

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        # Only now does the instance know the operation that the form gives it.
        if self.instance.pk and "definition" in self.cleaned_data and self.definition_changed():
            self._check(self.cleaned_data["definition"])

    def _check(self, document: Any) -> None:
        try:
            faults = [str(fault) for fault in find_faults(document, self.instance) if fault.code not in UNFINISHED]
        except Invalid as error:
            faults = [str(error)]
        given, current = document.get("version") if isinstance(document, dict) else None, self.instance.version
        # A pasted document that names no version is meant to replace what is there.
        if given is not None and given != current:
            faults.insert(
                0,
                _("Version %(current)d was saved since you read version %(given)s. Copy your text and reload the page.")
                % {"current": current, "given": given},
            )
        if faults:
            self.add_error("definition", faults)
