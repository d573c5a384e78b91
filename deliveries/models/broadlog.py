"""The broadlog: one row per message."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.states import SlugChoices, StateMachine
from deliveries.models.delivery import Delivery
from deliveries.models.preparation import Preparation
from recipients.models import Recipient
from recipients.vocabulary import FailureReason, FailureType


class MessageStatus(SlugChoices):
    NOT_APPLICABLE = -1, _("Not applicable")
    IGNORED = 0, _("Ignored")
    SENT = 1, _("Sent")
    FAILED = 2, _("Failed")
    TAKEN_INTO_ACCOUNT = 3, _("Taken into account by the service provider")
    RECEIVED_ON_MOBILE = 4, _("Received on mobile")
    PENDING = 6, _("Pending")
    CANCELLED = 7, _("Delivery cancelled")
    PREPARED = 8, _("Prepared")
    SENT_TO_PROVIDER = 9, _("Sent to the provider")


M = MessageStatus
MESSAGE_MOVES = StateMachine(
    "status",
    {
        M.PENDING: [M.IGNORED, M.SENT, M.FAILED, M.TAKEN_INTO_ACCOUNT, M.CANCELLED, M.PREPARED, M.NOT_APPLICABLE],
        M.PREPARED: [M.SENT, M.FAILED, M.CANCELLED, M.SENT_TO_PROVIDER],
        M.SENT_TO_PROVIDER: [M.FAILED, M.TAKEN_INTO_ACCOUNT, M.RECEIVED_ON_MOBILE],
        M.TAKEN_INTO_ACCOUNT: [M.SENT, M.FAILED, M.RECEIVED_ON_MOBILE],
        M.SENT: [M.FAILED],
        M.IGNORED: [],
        M.FAILED: [],
        M.RECEIVED_ON_MOBILE: [],
        M.CANCELLED: [],
        M.NOT_APPLICABLE: [],
    },
)


class Broadlog(models.Model):
    """Volume table. No index names `status` or `address`: such an index would make every status write slow."""

    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.DO_NOTHING,
        related_name="broadlogs",
        db_constraint=False,
        db_index=False,
        verbose_name=_("delivery"),
    )
    preparation = models.ForeignKey(
        Preparation,
        on_delete=models.DO_NOTHING,
        related_name="broadlogs",
        db_constraint=False,
        db_index=False,
        verbose_name=_("analysis"),
    )
    # Empty only on a proof sent to a bare address.
    recipient = models.ForeignKey(
        Recipient,
        on_delete=models.DO_NOTHING,
        related_name="broadlogs",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        verbose_name=_("recipient"),
    )
    repeat = models.IntegerField(default=0, db_default=0)
    address = models.CharField(_("address"), max_length=254, blank=True, default="")
    status = models.SmallIntegerField(_("status"), choices=MessageStatus.choices)
    in_doubt_since = models.DateTimeField(_("in doubt since"), null=True, blank=True)
    failure_type = models.SmallIntegerField(_("failure type"), choices=FailureType.choices, null=True, blank=True)
    failure_reason = models.SmallIntegerField(_("failure reason"), choices=FailureReason.choices, null=True, blank=True)
    failure_detail = models.CharField(_("failure detail"), max_length=1000, blank=True, default="", db_default="")
    attempts = models.SmallIntegerField(_("attempts"), default=0, db_default=0)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("delivery log")
        verbose_name_plural = _("delivery logs")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "recipient", "repeat"], name="broadlog_once_per_recipient"),
        ]
        indexes = [
            models.Index(fields=["recipient"], name="broadlog_recipient"),
            # Holds the few that are in doubt: other rows never enter it, so that their updates stay cheap.
            models.Index(
                fields=["delivery", "id"], condition=models.Q(in_doubt_since__isnull=False), name="broadlog_in_doubt"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.get_status_display()})"


class MessageInDoubt(Broadlog):
    """The page of what is in doubt, across deliveries."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("message in doubt")
        verbose_name_plural = _("messages in doubt")
