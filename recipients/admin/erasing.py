"""Two buttons on a person's page: take out all that is kept of them, and erase them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from common.admin.dialogs import Dialog
from common.audit import ADMIN, Deed, record
from recipients.erasure.access import person_document
from recipients.erasure.erase import erase_recipient, is_erased
from recipients.models import Recipient

PERMISSION = "recipients.erase_recipient"


def erase_dialog(recipient: Recipient) -> Dialog:
    return Dialog(
        title=_("Erase %(person)s for good?") % {"person": recipient},
        lines=[
            _("Name, addresses, attributes, memberships and subscriptions are erased, in every log and file too."),
            _("The counts of past deliveries stay as they are."),
            _("A keyed hash of the address is kept, so that no import brings this person back."),
            _("Messages that are already with a mail server still arrive. This can't be undone."),
        ],
        button=_("Erase for good"),
    )


class ErasingMixin(ServiceActionsMixin):
    @service_action(label=gettext_lazy("Export personal data"), permission=PERMISSION, icon="download", in_menu=True)
    def export(self, request: HttpRequest, row: Any) -> HttpResponseBase:
        # A page as an answer is not taken for a deed.
        record(Deed(row, "export", ADMIN, request.user, timezone.now()))
        answer = JsonResponse(person_document(row), json_dumps_params={"ensure_ascii": False, "indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="recipient-{row.pk}.json"'
        return answer

    @service_action(
        label=gettext_lazy("Erase this person"),
        permission=PERMISSION,
        dialog=erase_dialog,
        enabled=lambda row: not is_erased(row),
        why_disabled=lambda row: _("This person was erased already."),
        icon="trash-2",
        in_menu=True,
        destructive=True,
    )
    def erase(self, request: HttpRequest, row: Any) -> str:
        erase_recipient(row, now=timezone.now())
        return _("The person is erased.")
