"""What incremental queries remember: whom they returned, or up to which date they have read."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.models.workflow import Activity
from recipients.models import Recipient


class IncrementalMember(models.Model):
    """Volume table: this activity returned this recipient at this scheduled instant."""

    pk = models.CompositePrimaryKey("activity_id", "recipient_id")
    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    returned_at = models.DateTimeField()
    run_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("incremental memory")
        verbose_name_plural = _("incremental memory")


class IncrementalMark(models.Model):
    """Date-field mode: everything up to `read_until` has been returned."""

    activity = models.OneToOneField(Activity, on_delete=models.CASCADE, related_name="+")
    read_until = models.DateTimeField()

    class Meta:
        verbose_name = _("incremental mark")
        verbose_name_plural = _("incremental marks")
