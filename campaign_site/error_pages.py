"""What is answered where no view is reached, or one breaks: under /api/ in the API's format, elsewhere as a page."""

from __future__ import annotations

import logging
import secrets

from django.http import HttpRequest, HttpResponseBase, HttpResponseServerError, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views import defaults

API = "/api/"
logger = logging.getLogger("diffusion.errors")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API):
        return _document(400, "bad_request", _("The request can't be read."))
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API):
        return _document(404, "not_found", _("There is nothing at this address."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if request.path.startswith(API):
        return _document(500, "error", _("Something broke here; the log of the server says what."))
    # What the page shows and the log keeps, next to the traceback.
    code = secrets.token_hex(2).upper()
    logger.error("Code 500-%s: %s %s", code, request.method, request.path)
    return HttpResponseServerError(loader.get_template("500.html").render({"code": code}))


def _document(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"code": code, "detail": detail, "fields": {}}, status=status)
