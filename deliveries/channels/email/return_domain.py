"""The domain to which mails about our messages come back."""

from __future__ import annotations

from deliveries.channels.email.addresses import ascii_domain
from deliveries.models import InboundSource


def return_domain() -> str:
    """That of the first inbound source that is read and names one; "" when no mail reaches us."""
    sources = InboundSource.objects.filter(enabled=True).exclude(domain="").order_by("pk")
    domain = sources.values_list("domain", flat=True).first()
    return ascii_domain(domain) if domain else ""
