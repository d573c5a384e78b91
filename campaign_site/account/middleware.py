"""The preferences of whoever is signed in, applied to every page; read once per session."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from installation.models import Preference
from installation.preferences import preference_of

KEPT = "preference"


class PreferenceMiddleware:
    """Sets the language, and `request.shortcuts_off` for the templates. Visitors keep what their browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A public page opened without our cookie costs no look at the sessions.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            _apply(request)
        return self.get_response(request)


def remember(request: HttpRequest, preference: Preference) -> None:
    """Keep the preference in the session, for the pages that follow."""
    request.session[KEPT] = {"language": preference.language, "shortcuts": preference.shortcuts}


def _apply(request: HttpRequest) -> None:
    if KEPT not in request.session:
        remember(request, preference_of(user_id=int(request.session[SESSION_KEY])))
    kept = request.session[KEPT]
    request.shortcuts_off = not kept["shortcuts"]  # type: ignore[attr-defined]
    if kept["language"]:
        translation.activate(kept["language"])
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
