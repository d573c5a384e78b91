"""A few readers, played over HTTP with nothing but the mail that they received."""

from __future__ import annotations

import email
import email.policy
import html
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import IO, Any

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PIXEL = re.compile(r'<img[^>]+src="([^"]*/t/o/[^"]+)"')
CLICK = re.compile(r'href="([^"]*/t/c/[^"]+)"')


class VisitFailed(Exception):
    """A public page did not answer as a mail promises."""


@dataclass(frozen=True)
class Visits:
    """How many distinct readers did what; whoever clicks or opens counts as opened."""

    opened: int
    clicked: int
    unsubscribed: int


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


_opener = urllib.request.build_opener(_StayHere)


def play(mails: Sequence[bytes]) -> Visits:
    """Every reader loads the pixel, every third also clicks, the last one unsubscribes with one click."""
    messages = [email.message_from_bytes(raw, policy=email.policy.default) for raw in mails]
    clicks = 0
    for number, message in enumerate(messages):
        open_mail(message)
        if number % 3 == 0:
            click(message)
            clicks += 1
    unsubscribe(messages[-1])
    return Visits(opened=len(messages), clicked=clicks, unsubscribed=1)


def open_mail(message: EmailMessage) -> None:
    status, _ = _fetch(_first(PIXEL, message))
    if status != 200:
        raise VisitFailed(f"the pixel answered {status}")


def click(message: EmailMessage) -> None:
    status, target = _fetch(_first(CLICK, message))
    if status != 302 or not target.startswith("https://www.example.com/"):
        raise VisitFailed(f"a link answered {status} and led to {target!r}")


def unsubscribe(message: EmailMessage) -> None:
    """RFC 8058: one POST to the address in the header, as a mail provider does it."""
    header = str(message["List-Unsubscribe"])
    address = next(part.strip("<> ") for part in header.split(",") if "http" in part)
    body = urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode()
    status, _ = _fetch(address, body)
    if status != 200:
        raise VisitFailed(f"the unsubscription answered {status}")


def _first(pattern: re.Pattern[str], message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("html",))
    found = pattern.search(part.get_content()) if part is not None else None
    if found is None:
        raise VisitFailed(f"no {pattern.pattern} in the mail to {message['To']}")
    return html.unescape(found.group(1))


def _fetch(address: str, body: bytes | None = None) -> tuple[int, str]:
    request = urllib.request.Request(address, data=body, headers={"User-Agent": BROWSER})
    try:
        with _opener.open(request, timeout=20) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location", "")
