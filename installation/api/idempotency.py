"""`Idempotency-Key` on POST: for any viewset, `class DeliveryViewSet(IdempotentMixin, …)`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.audit import AuditedActionsMixin
from installation import idempotency


class Replayed(Exception):
    """The request was answered before; not an error."""

    def __init__(self, answer: idempotency.Answer) -> None:
        super().__init__()
        self.answer = answer


class IdempotentMixin(AuditedActionsMixin):
    """Answers below 500 are kept for a day and given again, whatever the action did; a crash gives the key back.

    The key is looked at after authentication and permissions: nobody is shown an answer that they may not ask for.
    """

    idempotency_key: str | None = None
    request: Any

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key:
            return
        answer = idempotency.begin(
            user_id=_user_id(request), key=key, fingerprint=_fingerprint(request), now=timezone.now()
        )
        if answer is not None:
            raise Replayed(answer)
        self.idempotency_key = key

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, Replayed):
            return Response(error.answer.body, status=error.answer.status, headers={"Idempotency-Replayed": "true"})
        try:
            response: Response = super().handle_exception(error)  # type: ignore[misc]
        except Exception:
            self._give_key_back()
            raise
        if isinstance(error, idempotency.IdempotencyMismatch):
            response.status_code = 422
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self.idempotency_key is None:
            return final
        if final.status_code >= 500:
            self._give_key_back()
            return final
        body = None if final.data is None else json.loads(JSONRenderer().render(final.data))
        answer = idempotency.Answer(final.status_code, body)
        idempotency.finish(user_id=_user_id(request), key=self.idempotency_key, answer=answer)
        return final

    def _give_key_back(self) -> None:
        if self.idempotency_key is not None:
            idempotency.abandon(user_id=_user_id(self.request), key=self.idempotency_key)
            self.idempotency_key = None


def _user_id(request: Request) -> int:
    # Permissions have been checked: nobody anonymous comes this far.
    return int(str(request.user.pk))


def _fingerprint(request: Request) -> str:
    digest = hashlib.sha256()
    for part in (str(request.method).encode(), request.get_full_path().encode(), request.body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
