"""DKIM keys: made here, published by whoever keeps the domain's DNS, then activated."""

from __future__ import annotations

import base64
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.encryption import WrongKey, decrypt, encrypt
from common.errors import Invalid, Refused
from deliveries.channels.email.addresses import wire_domain
from deliveries.channels.email.dkim import DkimSigner, Key, PrivateKey
from deliveries.models import SigningKey

PURPOSE = "signing-keys"
RSA_BITS = 2048
# What one character string of a TXT record may hold.
_STRING = 255


class UnreadableKey(Refused):
    code = "unreadable_key"


def create_key(
    *, domain: str, now: datetime, selector: str = "", algorithm: str = SigningKey.Algorithm.RSA
) -> SigningKey:
    """A new key, not yet active. The selector defaults to the month. Raises Invalid or Refused."""
    name = clean_domain(domain)
    selector = selector or f"d{now:%Y%m}{algorithm[0]}"
    private = Ed25519PrivateKey.generate() if algorithm == SigningKey.Algorithm.ED25519 else _rsa()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    key = SigningKey(
        domain=name,
        selector=selector,
        algorithm=algorithm,
        encrypted_private_key=encrypt(pem, purpose=PURPOSE),
        public_key=_public(private),
    )
    key.clean_fields()
    try:
        with transaction.atomic():
            key.save()
    except IntegrityError:
        raise Refused(_("%(key)s exists already: choose another selector.") % {"key": key}) from None
    return key


@transaction.atomic
def activate(key: SigningKey) -> int:
    """Sign with this key from the next message contents on, in place of the domain's other ones of its algorithm.

    Returns how many it takes the place of.
    """
    others = SigningKey.objects.filter(domain=key.domain, algorithm=key.algorithm, active=True).exclude(pk=key.pk)
    replaced = others.update(active=False)
    SigningKey.objects.filter(pk=key.pk).update(active=True)
    return replaced


def deactivate(key: SigningKey) -> bool:
    """Sign with it no longer; False when it did not sign."""
    return bool(SigningKey.objects.filter(pk=key.pk, active=True).update(active=False))


def record_name(key: SigningKey) -> str:
    return f"{key.selector}._domainkey.{key.domain}"


def record_value(key: SigningKey) -> str:
    """What the TXT record holds, as one text."""
    kind = "ed25519" if key.algorithm == SigningKey.Algorithm.ED25519 else "rsa"
    return f"v=DKIM1; k={kind}; p={key.public_key}"


def zone_line(key: SigningKey) -> str:
    """The record as a zone file has it, in strings of at most 255 characters."""
    value = record_value(key)
    strings = " ".join(f'"{value[start : start + _STRING]}"' for start in range(0, len(value), _STRING))
    return f"{record_name(key)}. IN TXT ( {strings} )"


def signer_for(domain: str) -> DkimSigner | None:
    """Signs with the active keys of the domain, else of its nearest parent that has any; None when there is none."""
    labels = domain.lower().split(".")
    names = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    active = list(SigningKey.objects.filter(domain__in=names, active=True).order_by("algorithm", "pk"))
    if not active:
        return None
    nearest = max((key.domain for key in active), key=len)
    return DkimSigner([_loaded(key) for key in active if key.domain == nearest])


def _loaded(key: SigningKey) -> Key:
    try:
        pem = decrypt(key.encrypted_private_key, purpose=PURPOSE)
    except WrongKey:
        raise UnreadableKey(
            _("The private key of %(key)s was encrypted with another SECRET_KEY: make a new one.") % {"key": key}
        ) from None
    private = load_pem_private_key(pem.encode("ascii"), password=None)
    assert isinstance(private, RSAPrivateKey | Ed25519PrivateKey)
    return Key(key.domain, key.selector, private)


def clean_domain(text: str) -> str:
    """The domain in lower case and A-labels; raises Invalid."""
    try:
        name = wire_domain(text.strip().rstrip(".").lower())
    except ValueError:
        name = None
    if name is None:
        raise Invalid(_("%(domain)s is not a domain.") % {"domain": text}, fields={"domain": [_("Not a domain.")]})
    return name


def _rsa() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def _public(private: PrivateKey) -> str:
    public = private.public_key()
    if isinstance(private, Ed25519PrivateKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode("ascii")
