"""Mails that come back: where they are read, the rules that read them, what became of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from deliveries.models.route import Authentication
from recipients.vocabulary import FailureReason, FailureType


class InboundSource(models.Model):
    class Kind(models.TextChoices):
        IMAP = "imap", _("IMAP mailbox")
        POP3 = "pop3", _("POP3 mailbox")
        MAILDIR = "maildir", _("Maildir folder")
        LISTENER = "listener", _("LMTP or SMTP listener")
        WEBHOOK = "webhook", _("Webhook of a provider")

    label = models.CharField(_("label"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    # imaps://user@host/INBOX, pop3s://user@host, maildir:/path, lmtp://host:port; a webhook: the provider's name.
    url = models.CharField(_("address"), max_length=500, blank=True, default="")
    encrypted_password = models.TextField(blank=True, default="", editable=False)
    authentication = models.CharField(
        _("authentication"), max_length=10, choices=Authentication.choices, default=Authentication.PASSWORD
    )
    # The domain whose mails arrive here: envelope senders and unsubscription addresses are made in it.
    domain = models.CharField(_("domain of return addresses"), max_length=253, blank=True, default="")
    enabled = models.BooleanField(_("read"), default=True)
    last_read_at = models.DateTimeField(_("last read at"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("inbound source")
        verbose_name_plural = _("inbound sources")

    def __str__(self) -> str:
        return self.label


class MailKind(models.TextChoices):
    BOUNCE = "bounce", _("Bounce")
    DELAY = "delay", _("Delay")
    DELIVERED = "delivered", _("Delivery receipt")
    COMPLAINT = "complaint", _("Complaint")
    AUTO_REPLY = "auto_reply", _("Automatic reply")
    UNSUBSCRIPTION = "unsubscription", _("Unsubscription")
    OTHER = "other", _("Other mail")


class BounceRule(models.Model):
    """What a diagnostic text means. Of the rules that match, the one of lowest priority number counts."""

    class Subject(models.TextChoices):
        DIAGNOSTIC = "diagnostic", _("Diagnostic text")
        STATUS = "status", _("Enhanced status code")
        SUBJECT = "subject", _("Subject of the mail")
        BODY = "body", _("Text of the mail")

    name = models.CharField(_("name"), max_length=200, unique=True)
    priority = models.PositiveIntegerField(_("priority"), default=100)
    looks_at = models.CharField(_("looks at"), max_length=10, choices=Subject.choices, default=Subject.DIAGNOSTIC)
    # A regular expression, case does not count.
    pattern = models.CharField(_("pattern"), max_length=1000)
    kind = models.CharField(_("kind of mail"), max_length=15, choices=MailKind.choices, default=MailKind.BOUNCE)
    failure_type = models.SmallIntegerField(_("failure type"), choices=FailureType.choices, null=True, blank=True)
    failure_reason = models.SmallIntegerField(_("failure reason"), choices=FailureReason.choices, null=True, blank=True)
    enabled = models.BooleanField(_("in force"), default=True)
    # Ours come with the product and are renewed with it unless somebody changed them.
    built_in = models.BooleanField(_("comes with the product"), default=False, editable=False)
    changed = models.BooleanField(default=False, editable=False)
    hits = models.PositiveBigIntegerField(_("hits"), default=0, editable=False)

    class Meta:
        verbose_name = _("bounce rule")
        verbose_name_plural = _("bounce rules")
        ordering = ["priority", "pk"]

    def __str__(self) -> str:
        return self.name


class InboundMail(models.Model):
    """One mail that came back, once however often it is read."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("Applied")
        NO_TOKEN = "no_token", _("Without a valid token: nothing changed")
        NO_EFFECT = "no_effect", _("Nothing to change")
        SET_ASIDE = "set_aside", _("Set aside: could not be read")
        UNDONE = "undone", _("Undone")

    # SHA-256 of the mail (hexadecimal), or the provider's number of the event.
    key = models.CharField(max_length=100, unique=True)
    source = models.ForeignKey(
        InboundSource, on_delete=models.SET_NULL, null=True, blank=True, related_name="mails", verbose_name=_("source")
    )
    received_at = models.DateTimeField(_("received at"))
    kind = models.CharField(_("kind"), max_length=15, choices=MailKind.choices, default=MailKind.OTHER)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    broadlog_id = models.BigIntegerField(_("delivery log"), null=True, blank=True)
    delivery_id = models.BigIntegerField(_("delivery"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=254, blank=True, default="")
    domain = models.CharField(_("domain"), max_length=253, blank=True, default="")
    failure_type = models.SmallIntegerField(_("failure type"), choices=FailureType.choices, null=True, blank=True)
    failure_reason = models.SmallIntegerField(_("failure reason"), choices=FailureReason.choices, null=True, blank=True)
    status = models.CharField(_("enhanced status code"), max_length=20, blank=True, default="")
    detail = models.CharField(_("diagnostic text"), max_length=1000, blank=True, default="")
    rule = models.ForeignKey(
        BounceRule, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("rule")
    )
    # What this mail changed, so that it can be undone: the quarantine's state before it.
    quarantine_before = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("inbound mail")
        verbose_name_plural = _("inbound mails")
        indexes = [
            models.Index(fields=["received_at"], name="inbound_mail_received"),
            models.Index(fields=["broadlog_id"], name="inbound_mail_broadlog"),
        ]
