"""Pages that show what the sink received, for staff who may see broadlogs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaign_site.sink.letter import Letter, framed, read_letter
from campaign_site.sink.store import SinkStore
from common.mail_bodies import MAIL_BODY_HEADERS

PAGE = 50
P = ParamSpec("P")


def _staff_page(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    @require_safe
    @admin.site.admin_view
    @wraps(view)
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.has_perm("deliveries.view_broadlog"):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return page


@_staff_page
def mails(request: HttpRequest) -> HttpResponse:
    store = _store()
    if not store.exists():
        return _page(request, "admin/sink/absent.html", _("Mail sink"))
    search, after = request.GET.get("search", "").strip()[:200], request.GET.get("after", "")
    found = store.page(
        after=int(after) if after.isdecimal() and len(after) < 19 else None, limit=PAGE + 1, search=search
    )
    return _page(
        request,
        "admin/sink/mails.html",
        _("Mail sink"),
        mails=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        after=after,
        search=search,
        count=store.count(),
    )


@_staff_page
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    store = _store()
    found = store.get(mail_id)
    if found is None:
        raise Http404
    raw = store.raw(mail_id)
    letter = read_letter(raw) if raw is not None else None
    title = found.subject or _("(no subject)")
    return _page(request, "admin/sink/mail.html", title, mail=found, letter=letter, show=_tab(request, letter))


@_staff_page
def body(request: HttpRequest, mail_id: int) -> HttpResponse:
    raw = _store().raw(mail_id)
    if raw is None:
        raise Http404
    return HttpResponse(framed(read_letter(raw).html), headers=MAIL_BODY_HEADERS)


def _tab(request: HttpRequest, letter: Letter | None) -> str:
    asked = request.GET.get("show", "")
    if asked in ("text", "source"):
        return asked
    return "html" if letter is not None and letter.html else "text"


def _store() -> SinkStore:
    return SinkStore(Path(settings.VAR_DIR) / "sink")


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), "title": title, **context})
