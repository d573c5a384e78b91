"""A person who may receive messages."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Trim
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recipients.plausible import IsPlausible


class Recipient(models.Model):
    class Gender(models.TextChoices):
        UNSPECIFIED = "", _("Not specified")
        MALE = "male", _("Male")
        FEMALE = "female", _("Female")

    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    first_name = models.CharField(_("first name"), max_length=200, blank=True, default="")
    last_name = models.CharField(_("last name"), max_length=200, blank=True, default="")
    mobile_phone = models.CharField(_("mobile phone"), max_length=30, blank=True, default="")
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    gender = models.CharField(_("gender"), max_length=10, blank=True, default="", choices=Gender.choices)
    country_code = models.CharField(_("country code"), max_length=2, blank=True, default="")
    denylist_email = models.BooleanField(_("no longer contact by e-mail"), default=False, db_default=False)
    denylist_sms = models.BooleanField(_("no longer contact by SMS"), default=False, db_default=False)
    denylist_push = models.BooleanField(_("no longer contact by push"), default=False, db_default=False)
    denylist_file = models.BooleanField(_("no longer contact by file"), default=False, db_default=False)
    denylist_all = models.BooleanField(_("no longer contact"), default=False, db_default=False)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    # The address as compared and whether it can be one, written by the database: an analysis asks it of everybody.
    email_key = models.GeneratedField(
        expression=Lower(Trim("email")), output_field=models.CharField(max_length=254), db_persist=True
    )
    email_plausible = models.GeneratedField(
        expression=IsPlausible("email"), output_field=models.BooleanField(), db_persist=True
    )

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        permissions = [("erase_recipient", "Can erase people and export all that is kept of them")]
        indexes = [
            # The quarantine, the people who share an address, and who is sought by their address.
            models.Index(fields=["email_key"], name="recipient_email_key"),
            # The anniversary criterion and the admin's date filters.
            models.Index(fields=["birth_date"], name="recipient_birth_date"),
            models.Index(fields=["created_at"], name="recipient_created_at"),
        ]

    def __str__(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        return name or self.email or f"#{self.pk}"
