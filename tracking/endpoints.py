"""The public pages: no session, no login; a wrong token and an unknown message are answered alike."""

from __future__ import annotations

import base64
import functools
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.mail_bodies import MAIL_BODY_HEADERS
from deliveries.content import links
from deliveries.models import Broadlog, TrackedUrl
from recipients.models import Recipient, Service
from tracking.events.preferences import save_preferences, stop_everything, subscribe_again, subscribed_services
from tracking.events.unsubscribed import unsubscribe_from
from tracking.intake import record_hit
from tracking.messages import UnknownLink, message_of, recipient_of, url_of
from tracking.mirror import mirror_page
from tracking.models import HitKind
from tracking.robots import Visitor
from tracking.targets import target_of

logger = logging.getLogger("diffusion.tracking")
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PAGE_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
View = Callable[..., HttpResponse]


def public_page(*methods: str) -> Callable[[View], View]:
    """A view that anybody may ask for: fixed methods, never cached, and one answer to every link that is not ours."""

    def decorator(view: View) -> View:
        @functools.wraps(view)
        def answer(request: HttpRequest, token: str) -> HttpResponse:
            response = _answer(view, request, token)
            # A browser refuses an isolated page to a window that a sandboxed frame has opened: a mail's preview.
            response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
            return response

        return csrf_exempt(never_cache(require_http_methods(methods)(answer)))

    return decorator


def _answer(view: View, request: HttpRequest, token: str) -> HttpResponse:
    try:
        return view(request, token)
    except UnknownLink:
        return _page(request, "public/unknown.html", {}, status=404)
    except DatabaseError:
        logger.exception("A public page could not reach the database.")
        return _page(request, "public/unavailable.html", {}, status=503)


@public_page("GET", "HEAD")
def open_pixel(request: HttpRequest, token: str) -> HttpResponse:
    """Always the same picture; a hit if the token is one of ours."""
    try:
        message, _detail = message_of(token, links.OPEN)
        record_hit(message=message, kind=HitKind.OPEN, visitor=_visitor(request), now=timezone.now())
    except UnknownLink:
        pass
    except DatabaseError:
        logger.exception("An open could not be recorded.")
    return HttpResponse(GIF, content_type="image/gif")


@public_page("GET", "HEAD")
def click(request: HttpRequest, token: str) -> HttpResponse:
    message, number = message_of(token, links.CLICK)
    link = url_of(message, kind=TrackedUrl.Kind.CLICK, number=number)
    if link is None:
        raise UnknownLink
    target = target_of(message, link)
    record_hit(message=message, kind=HitKind.CLICK, visitor=_visitor(request), now=timezone.now(), tracked_url=link)
    return _redirect(target)


@public_page("GET", "HEAD")
def mirror(request: HttpRequest, token: str) -> HttpResponse:
    message, _detail = message_of(token, links.MIRROR)
    page = mirror_page(message)
    content = _with_bar(request, message, page.content) if page.is_html else page.content
    link = url_of(message, kind=TrackedUrl.Kind.MIRROR)
    record_hit(message=message, kind=HitKind.MIRROR, visitor=_visitor(request), now=timezone.now(), tracked_url=link)
    response = HttpResponse(content, content_type=page.content_type, headers=MAIL_BODY_HEADERS)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _with_bar(request: HttpRequest, message: Broadlog, content: str) -> str:
    """The mail with a line above it: when it left, and the ways out of the next ones."""
    context = {
        "sent_at": message.delivery.started_at,
        "preferences_url": links.preferences_url(message.pk),
        "unsubscribe_url": links.unsubscribe_url(message.pk),
    }
    with translation.override(_language(recipient_of(message))):
        bar = render_to_string("public/mirror_bar.html", context, request)
    body = BODY.search(content)
    start = body.end() if body else 0
    return content[:start] + bar + content[start:]


@public_page("GET", "HEAD", "POST")
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asking shows a button; only POST acts, whatever its body (RFC 8058)."""
    message, _detail = message_of(token, links.UNSUBSCRIBE)
    context = {"service": message.delivery.service, "preferences_url": links.preferences_url(message.pk)}
    if request.method != "POST":
        return _page(request, "public/unsubscribe.html", context, message=message)
    unsubscribe_from(message=message, visitor=_visitor(request), now=timezone.now())
    return _page(request, "public/unsubscribed.html", context, message=message)


@public_page("GET", "HEAD", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    message, _detail = message_of(token, links.PREFERENCES)
    recipient = recipient_of(message)
    if recipient is None:
        raise UnknownLink
    saved = request.method == "POST"
    if saved:
        _change_preferences(request, message, recipient)
        recipient.refresh_from_db()
    subscribed = subscribed_services(recipient)
    services = [(service, service.pk in subscribed) for service in Service.objects.order_by("label")]
    stopped = recipient.denylist_all or recipient.denylist_email
    context = {"services": services, "saved": saved, "stopped": stopped}
    return _page(request, "public/preferences.html", context, message=message)


def _change_preferences(request: HttpRequest, message: Broadlog, recipient: Recipient) -> None:
    if "again" in request.POST:
        subscribe_again(message=message, recipient=recipient, now=timezone.now())
        return
    if "stop" in request.POST:
        stop_everything(message=message, recipient=recipient, now=timezone.now())
        return
    wanted = {int(number) for number in request.POST.getlist("service") if number.isdecimal() and len(number) < 19}
    save_preferences(recipient=recipient, wanted=wanted, now=timezone.now())


def _visitor(request: HttpRequest) -> Visitor:
    headers = request.headers
    purpose = " ".join(headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")).lower()
    return Visitor(
        user_agent=headers.get("User-Agent", ""),
        method=request.method or "",
        prefetch="prefetch" in purpose or "preview" in purpose,
    )


def _redirect(url: str) -> HttpResponse:
    response = HttpResponse(status=302)
    # No control character: nothing of the URL reaches another header. The rest is read by the browser, as in the mail.
    response.headers["Location"] = quote(url, safe=PRINTABLE)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, message: Broadlog | None = None, status: int = 200
) -> HttpResponse:
    recipient = recipient_of(message) if message else None
    values = {**context, "brand": _brand(message), "address": _masked(message)}
    with translation.override(_language(recipient)):
        response = render(request, template, values, status=status)
        response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _language(recipient: Recipient | None) -> str:
    """The person's language if the pages exist in it, else what their browser asks for."""
    known = dict(settings.LANGUAGES)
    code = recipient.language[:2].lower() if recipient else ""
    return code if code in known else translation.get_language() or settings.LANGUAGE_CODE


def _brand(message: Broadlog | None) -> str:
    """The sender's name; none where it is personalised."""
    name = message.delivery.from_name if message else ""
    return "" if "{" in name else name


def _masked(message: Broadlog | None) -> str:
    """m…e@example.com: whoever was forwarded the mail learns no address."""
    local_part, at, domain = (message.address if message else "").rpartition("@")
    return f"{local_part[:1]}…{local_part[-1:]}{at}{domain}" if at else ""
