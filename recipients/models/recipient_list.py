"""Lists of recipients."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.names import NamedModel
from recipients.models.recipient import Recipient


class RecipientList(NamedModel):
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("recipient list")
        verbose_name_plural = _("recipient lists")


class RecipientListMember(models.Model):
    """Membership; its key is the pair, so a person is in a list once."""

    pk = models.CompositePrimaryKey("recipient_list_id", "recipient_id")
    recipient_list = models.ForeignKey(
        RecipientList,
        on_delete=models.CASCADE,
        related_name="members",
        db_index=False,
        verbose_name=_("recipient list"),
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="list_memberships", verbose_name=_("recipient")
    )

    class Meta:
        verbose_name = _("list member")
        verbose_name_plural = _("list members")

    def __str__(self) -> str:
        return f"#{self.recipient_id}"
