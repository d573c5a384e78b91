"""The query editor in plain forms: a JSON text that a script turns into the editor; without it, it stays the text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.widgets import Script

from recipients.filters import FilterError, validate


class FilterWidget(forms.Textarea):
    """For a field that holds a filter as JSON. `parameters`: the name of the form's field that declares them."""

    template_name = "recipients/query/widget.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, parameters: str = "", lists: bool = False) -> None:
        super().__init__({"rows": 10, "spellcheck": "false", **(attrs or {})})
        self.parameters = parameters
        self.lists = lists

    @property
    def media(self) -> forms.Media:
        script: Any = Script("recipients/query/widget.js", type="module")
        return forms.Media(css={"all": ["recipients/query/query.css"]}, js=[script])

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        # The addresses belong to the admin, which imports this module.
        from recipients.admin.query_views import query_urls

        context = super().get_context(name, value, attrs)
        options = {"urls": query_urls(), "parameters": self.parameters, "lists": self.lists}
        return {**context, "options": options, "options_id": f"{context['widget']['attrs'].get('id', name)}-options"}


class FilterField(forms.JSONField):
    """A filter in a form: refused when it is none, or names rows that don't exist."""

    widget = FilterWidget

    def clean(self, value: Any) -> Any:
        document = super().clean(value)
        if document is not None:
            try:
                validate(document, existing=True)
            except FilterError as error:
                raise forms.ValidationError(str(error)) from error
        return document
