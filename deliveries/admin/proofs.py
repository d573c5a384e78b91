"""The button “Send a proof”, the same on a delivery and on a template: it asks for the people, then sends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.doorbell import ring
from deliveries import tasks
from deliveries.models import Delivery, DeliveryTemplate
from deliveries.proofs import ProofNotAllowed, refusal, send_proof


class ProofForm(forms.Form):
    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One per line."),
    )

    def clean_addresses(self) -> list[str]:
        return [line.strip() for line in str(self.cleaned_data["addresses"]).splitlines() if line.strip()]


def proof_allowed(of: Delivery | DeliveryTemplate) -> bool:
    return not refusal(of)


def proof_button(request: HttpRequest, of: Delivery | DeliveryTemplate, context: dict[str, Any]) -> Any:
    """Send the proof, or show the form that asks to whom."""
    if refusal(of):
        raise ProofNotAllowed(refusal(of))
    form = ProofForm(request.POST if "addresses" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            proof = send_proof(of=of, now=timezone.now(), addresses=form.cleaned_data["addresses"])
        except ValidationError as error:
            form.add_error("addresses", error)
        else:
            ring(tasks.sweep)
            return _("Proof %(number)d is on its way: %(label)s.") % {
                "number": proof.proof_number,
                "label": proof.label,
            }
    return _ask(request, form, context)


def _ask(request: HttpRequest, form: ProofForm, context: dict[str, Any]) -> HttpResponseBase:
    page = {
        **context,
        "form": form,
        "title": _("Send a proof"),
        "action_url": request.path,
        "back_url": request.path.partition("/do/")[0] + "/change/",
    }
    return TemplateResponse(request, "admin/deliveries/proof.html", page)
