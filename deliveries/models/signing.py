"""DKIM keys."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SigningKey(models.Model):
    """Signs the mails whose sender address is of this domain. The private key is kept encrypted."""

    class Algorithm(models.TextChoices):
        RSA = "rsa-sha256", "RSA-2048"
        ED25519 = "ed25519-sha256", "Ed25519"

    domain = models.CharField(_("domain"), max_length=253)
    selector = models.SlugField(_("selector"), max_length=63)
    algorithm = models.CharField(
        _("algorithm"), max_length=20, choices=Algorithm.choices, default=Algorithm.RSA, editable=False
    )
    encrypted_private_key = models.TextField(editable=False)
    # What the DNS record publishes.
    public_key = models.TextField(_("public key"), editable=False)
    active = models.BooleanField(_("signs"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("DKIM key")
        verbose_name_plural = _("DKIM keys")
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="signing_key_once_per_selector")]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"
