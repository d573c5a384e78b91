"""In whose name mails are signed, and where they come back."""

from __future__ import annotations

from django.utils import timezone

from deliveries.models import InboundSource, SigningKey
from deliveries.signing_keys import activate, create_key


def active_key(domain: str) -> SigningKey:
    key = create_key(domain=domain, now=timezone.now(), algorithm=SigningKey.Algorithm.ED25519)
    activate(key)
    return key


def mails_return_to(domain: str) -> InboundSource:
    return InboundSource.objects.create(label=domain, kind=InboundSource.Kind.LISTENER, domain=domain)
