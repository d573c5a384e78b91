"""Words shared by every app downstream: channels, failure types and failure reasons (codes of the domain)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.states import SlugChoices


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    PUSH = "push", _("Push notification")
    FILE = "file", _("File")


class FailureType(SlugChoices):
    UNDEFINED = 0, _("Undefined")
    HARD = 1, _("Hard")
    SOFT = 2, _("Soft")
    IGNORED = 3, _("Ignored")


class FailureReason(SlugChoices):
    NOT_DEFINED = 0, _("Not defined")
    USER_UNKNOWN = 1, _("User unknown")
    INVALID_DOMAIN = 2, _("Invalid domain")
    UNREACHABLE = 3, _("Unreachable")
    ACCOUNT_DISABLED = 4, _("Account disabled")
    MAILBOX_FULL = 5, _("Mailbox full")
    NOT_CONNECTED = 6, _("Not connected")
    ADDRESS_NOT_SPECIFIED = 7, _("Address not specified")
    DENYLISTED = 8, _("Denylisted address")
    QUARANTINED = 9, _("Address in quarantine")
    DOUBLE = 10, _("Double")
    SQL_RULE = 11, _("Excluded by a rule")
    ARBITRATION = 12, _("Excluded after arbitration")
    BAD_QUALITY = 14, _("Bad-quality address")
    UNQUALIFIED = 15, _("Unqualified address")
    NOT_ELIGIBLE = 16, _("Not eligible for the offers")
    SIZE_LIMIT = 17, _("Target limited in size")
    REFUSED = 20, _("Refused")
    ERROR_IGNORED = 25, _("Error ignored")
    PERSONALISATION = 30, _("Personalisation error")
    OUTCOME_UNKNOWN = 31, _("Outcome unknown")
    CONTROL = 127, _("Control address")
