"""Events that a provider pushes to us over HTTP, read by django-anymail, which is an optional extra.

The address holds a secret of its own, and the provider's signature is checked wherever it signs. An event then does
what a mail would: its token names the message, and it counts once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module, util
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from common.errors import Refused
from deliveries.inbound.applying import BATCH, apply_mails
from deliveries.inbound.cases import ReadMail
from deliveries.inbound.reading.verdict import Kind, Reading, RecipientVerdict, one_line
from deliveries.inbound.sources.address import password_of
from deliveries.models.inbound import InboundSource
from recipients.vocabulary import FailureReason, FailureType

# Provider → module of anymail.webhooks, its class, and the argument that takes the signing key.
PROVIDERS = {
    "brevo": ("brevo", "BrevoTrackingWebhookView", ""),
    "mailersend": ("mailersend", "MailerSendTrackingWebhookView", "signing_secret"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView", "webhook_signing_key"),
    "mailjet": ("mailjet", "MailjetTrackingWebhookView", ""),
    "mandrill": ("mandrill", "MandrillCombinedWebhookView", "webhook_key"),
    "postmark": ("postmark", "PostmarkTrackingWebhookView", ""),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView", ""),
    "sparkpost": ("sparkpost", "SparkPostTrackingWebhookView", ""),
}
# Anymail's event types → what we make of them; the others (opened, clicked …) are not ours to count.
_KINDS = {
    "bounced": Kind.BOUNCE,
    "deferred": Kind.DELAY,
    "delivered": Kind.DELIVERED,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIPTION,
    "autoresponded": Kind.AUTO_REPLY,
}
# Anymail's reasons. Whatever may be the provider's own list or our fault blames nobody.
_FAILURES = {
    "invalid": (FailureType.HARD, FailureReason.USER_UNKNOWN),
    "bounced": (FailureType.HARD, FailureReason.USER_UNKNOWN),
    "timed_out": (FailureType.SOFT, FailureReason.UNREACHABLE),
    "blocked": (FailureType.IGNORED, FailureReason.REFUSED),
    "spam": (FailureType.IGNORED, FailureReason.REFUSED),
}
_SOFT = (FailureType.SOFT, FailureReason.NOT_DEFINED)
LARGEST_REQUEST = 1024 * 1024
MOST_TEXTS, DEEPEST = 300, 6


class NotInstalled(Refused):
    """django-anymail is an optional extra, and is not there."""

    code = "not_installed"


class UnknownProvider(Refused):
    code = "unknown_provider"


class Unauthentic(Refused):
    """Nothing shows that the provider sent this."""

    code = "unauthentic"


def check_provider(name: str) -> None:
    """Raise UnknownProvider or NotInstalled unless events of this provider can be read."""
    if name not in PROVIDERS:
        raise UnknownProvider(
            _("There is no provider %(name)s; there are %(names)s.")
            % {"name": name or "–", "names": ", ".join(sorted(PROVIDERS))}
        )
    if util.find_spec("anymail") is None:
        raise NotInstalled(
            _("Webhooks of providers need an optional package: pip install -r requirements-relay.txt, then restart.")
        )


def secret_of(source: InboundSource) -> str:
    """The secret part of the webhook's address; it changes with SECRET_KEY."""
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"webhook").digest()
    return hmac.new(key, str(source.pk).encode(), hashlib.sha256).hexdigest()[:40]


def webhook_url(source: InboundSource) -> str:
    """What to enter at the provider."""
    return settings.BASE_URL.rstrip("/") + reverse("inbound-webhook", args=[source.pk, secret_of(source)])


def receive(source: InboundSource, secret: str, request: HttpRequest, *, now: datetime) -> int:
    """Apply the events of one request; return how many were new. Raises Unauthentic, NotInstalled, UnknownProvider."""
    if not hmac.compare_digest(secret.encode(), secret_of(source).encode()):
        raise Unauthentic(_("This address is not one of ours."))
    mails = [mail for mail in _mails(source, _events(source, request)) if mail is not None]
    applied = 0
    for start in range(0, len(mails), BATCH):
        applied += sum(apply_mails(mails[start : start + BATCH], now=now).values())
    InboundSource.objects.filter(pk=source.pk).update(last_read_at=now, last_error="")
    return applied


def _events(source: InboundSource, request: HttpRequest) -> Sequence[Any]:
    check_provider(source.url)
    refusal = import_module("anymail.exceptions").AnymailWebhookValidationFailure
    module, name, argument = PROVIDERS[source.url]
    key = password_of(source)
    if argument and not key:
        raise Unauthentic(_("Enter the provider's signing key as the password of this source."))
    # The address is a secret already; where the provider signs nothing, a password adds basic authentication.
    options = {argument: key} if argument else {"basic_auth": [key] if key else [], "warn_if_no_basic_auth": False}
    view = getattr(import_module(f"anymail.webhooks.{module}"), name)(**options)
    try:
        view.run_validators(request)
        events: Sequence[Any] = view.parse_events(request)
    except refusal as error:
        raise Unauthentic(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unauthentic(_("This is no event of %(provider)s.") % {"provider": source.url}) from error
    return events


def _mails(source: InboundSource, events: Sequence[Any]) -> Iterator[ReadMail | None]:
    for event in events:
        kind = _KINDS.get(str(getattr(event, "event_type", "")))
        yield None if kind is None else ReadMail(_key(source, event), _reading(kind, event), source.pk)


def _key(source: InboundSource, event: Any) -> str:
    """The same event sent twice has one key, whether or not the provider numbers its events."""
    named = "|".join(
        str(getattr(event, name, "")) for name in ("event_id", "event_type", "timestamp", "message_id", "recipient")
    )
    return f"{source.pk}:{hashlib.sha256(named.encode()).hexdigest()}"


def _reading(kind: Kind, event: Any) -> Reading:
    type, reason = (None, None)
    if kind == Kind.BOUNCE:
        type, reason = _FAILURES.get(str(event.reject_reason), _SOFT)
    detail = one_line(str(event.mta_response or event.description or ""))
    verdict = RecipientVerdict(str(event.recipient or ""), failure_type=type, failure_reason=reason, detail=detail)
    return Reading(
        kind=kind,
        recipients=(verdict,),
        tokens=tuple(_texts(event.esp_event)),
        original_message_id=str(event.message_id or ""),
        feedback_type="abuse" if kind == Kind.COMPLAINT else "",
        unsubscribes=kind == Kind.UNSUBSCRIPTION,
    )


def _texts(value: Any, depth: int = 0) -> list[str]:
    """Every text of the event that may be an address or a Message-ID: each provider names its fields otherwise."""
    if isinstance(value, str):
        return [value] if "@" in value and len(value) < 400 else []
    if depth > DEEPEST:
        return []
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else []
    found = [text for item in inner for text in _texts(item, depth + 1)]
    return found[:MOST_TEXTS]
