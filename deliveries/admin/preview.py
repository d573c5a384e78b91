"""The message on screen: mail content under its own address and policy, shown in a sandboxed frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from common.mail_bodies import MAIL_BODY_HEADERS
from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.content.preview import preview
from recipients.models import Recipient
from recipients.search import by_address


def preview_page(request: HttpRequest, content: Any, label: str = "") -> HttpResponse:
    """What the recipient named in the query would get; without one, the first recipient."""
    recipient = find_recipient(request.GET.get("recipient", ""))
    if recipient is None:
        return _page(format_html("<p>{}</p>", _("There is no such recipient.")), status=404)
    try:
        shown = preview(content=content, recipient=recipient, label=label or content.label)
    except (RenderingFailed, NothingToSend) as error:
        return _page(format_html("<p>{}</p>", str(error) or _("This recipient gets nothing.")))
    if request.GET.get("part") == "text":
        return _page(format_html("<h1>{}</h1><pre>{}</pre>", shown.subject, shown.text))
    return _page(shown.html or format_html("<h1>{}</h1><pre>{}</pre>", shown.subject, shown.text))


def find_recipient(text: str) -> Recipient | None:
    """By number or e-mail address; the first of all for an empty text."""
    people = Recipient.objects.order_by("pk")
    if not text:
        return people.first()
    if text.isdigit():
        return people.filter(pk=int(text)).first()
    return by_address(text).order_by("pk").first()


def _page(html: str, status: int = 200) -> HttpResponse:
    return HttpResponse(html, status=status, headers=MAIL_BODY_HEADERS)
