"""A person at the screens of an installation: signed in over HTTP, pressing buttons."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from tests.faults.installation import Installation
from tests.smtp_server import HOST, free_port, wait_for_port

USER, PASSWORD = "ada", "only-for-tests"


class Operator:
    def __init__(self, port: int) -> None:
        self._base = f"http://{HOST}:{port}"
        self._cookies = CookieJar()
        # Straight to the loopback, whatever proxy the environment names.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._cookies))
        self._opener.addheaders = [("Referer", self._base)]

    def sign_in(self) -> None:
        self.read("/admin/login/")
        self.press("/admin/login/", username=USER, password=PASSWORD, next="/admin/")

    def read(self, path: str) -> str:
        with self._opener.open(self._base + path, timeout=60) as answer:
            return str(answer.read().decode())

    def press(self, path: str, **fields: str) -> str:
        """Post a form; the page that one is shown then."""
        form = urlencode({"csrfmiddlewaretoken": self._token(), **fields})
        with self._opener.open(Request(self._base + path, data=form.encode()), timeout=60) as answer:
            return str(answer.read().decode())

    def ask(self, path: str, **values: Any) -> tuple[int, dict[str, Any]]:
        """Post to the API: the status and the document."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._token()}
        request = Request(f"{self._base}/api/v1/{path}", data=json.dumps(values).encode(), headers=headers)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {"detail": error.read().decode(errors="replace")}

    def _token(self) -> str:
        return next(cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken")


@contextmanager
def operator_of(installation: Installation) -> Iterator[Operator]:
    """The installation's pages, served for the time of a block, and somebody who may do everything there."""
    port = free_port()
    environment = {"PORT": str(port), "BASE_URL": f"http://{HOST}:{port}"}
    with installation.running("web", **environment) as web:
        user = ("createsuperuser", "--noinput", "--skip-checks", "--username", USER, "--email", "ada@example.com")
        made = installation.manage(*user, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
        assert made.returncode == 0, made.stderr
        wait_for_port(port)
        operator = Operator(port)
        operator.sign_in()
        try:
            yield operator
        finally:
            web.terminate()
            web.wait(timeout=30)
