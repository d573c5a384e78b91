"""Quarantine: the state of one address on one channel, whoever it belongs to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.states import SlugChoices
from recipients.vocabulary import Channel, FailureReason, FailureType


class Quarantine(models.Model):
    class Status(SlugChoices):
        WITH_ERRORS = 1, _("With errors")
        VALID = 2, _("Valid")
        DENYLISTED = 3, _("Denylisted")
        QUARANTINED = 4, _("Quarantine")
        ALLOWLISTED = 5, _("Allowlisted")

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    # Lower case for e-mail: two spellings of one mailbox share one state.
    address = models.CharField(_("address"), max_length=254)
    status = models.SmallIntegerField(_("status"), choices=Status.choices)
    error_count = models.PositiveIntegerField(_("number of errors"), default=0)
    failure_type = models.SmallIntegerField(_("failure type"), choices=FailureType.choices, default=0)
    failure_reason = models.SmallIntegerField(_("failure reason"), choices=FailureReason.choices, default=0)
    error_text = models.TextField(_("error text"), blank=True, default="")
    # Errors nearer to one another than the significant delay count once.
    last_significant_at = models.DateTimeField(_("last significant error at"), null=True, blank=True)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    # Deliveries are downstream: their number and label are kept as text, not as a foreign key.
    delivery_id = models.BigIntegerField(_("delivery number"), null=True, blank=True)
    delivery_label = models.CharField(_("delivery"), max_length=250, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("quarantined address")
        verbose_name_plural = _("quarantine")
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="quarantine_once_per_address")]
        indexes = [
            # Every batch of sent messages asks whether somebody is "with errors": mostly nobody is.
            models.Index(fields=["channel", "address"], condition=models.Q(status=1), name="quarantine_with_errors"),
        ]

    def __str__(self) -> str:
        return self.address
