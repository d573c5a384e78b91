"""Pages opened as somebody who is signed in, without the detour by the login form."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page


def open_page(browser: Browser, address: str, user: User | None = None, **options: Any) -> Page:
    """A page in a context of its own: close it with `page.context.close()`. `options` are those of the context."""
    context = browser.new_context(**{"locale": "en", "viewport": {"width": 1440, "height": 900}, **options})
    if user is not None:
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address}])
    page: Page = context.new_page()
    return page


def listen(page: Page) -> list[str]:
    """Errors of scripts, refusals of the content policy and addresses that answer with an error, as they come."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
    page.on("console", lambda said: heard.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    return heard
