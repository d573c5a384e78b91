"""The address that providers call. It authenticates by a secret and a signature: no cookie, no CSRF token."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.errors import Refused
from deliveries.inbound.webhooks import LARGEST_REQUEST, NotInstalled, Unauthentic, receive
from deliveries.models.inbound import InboundSource


@csrf_exempt
@never_cache
@require_http_methods(["POST", "HEAD"])
def webhook(request: HttpRequest, source_id: int, secret: str) -> HttpResponse:
    """200 once the events are committed; 401 to whoever can't show that the provider sent them; 413 for floods."""
    if request.method == "HEAD":
        return HttpResponse()
    if _length(request) > LARGEST_REQUEST:
        return HttpResponse(status=413)
    rows = InboundSource.objects.filter(pk=source_id, kind=InboundSource.Kind.WEBHOOK, enabled=True)
    source = rows.first()
    try:
        if source is None:
            raise Unauthentic("no such source")
        receive(source, secret, request, now=timezone.now())
    except NotInstalled as error:
        return HttpResponse(str(error), status=503, content_type="text/plain; charset=utf-8")
    except Refused:
        return HttpResponse(status=401)
    return HttpResponse()


def _length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else 0
