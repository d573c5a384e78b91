"""Actions by the API are told to the audit trail."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from common.audit import API, Deed, record

PLAIN = {None, "create", "list", "retrieve", "update", "partial_update", "destroy", "metadata"}


class AuditedActionsMixin:
    """For a viewset: every successful POST action of one row, under the action's name."""

    kwargs: dict[str, Any]

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        number = str(self.kwargs.get("pk", ""))
        action = getattr(self, "action", None)
        if request.method == "POST" and action not in PLAIN and final.status_code < 400 and number.isdigit():
            self._tell(request, str(action), int(number))
        return final

    def _tell(self, request: Request, action: str, number: int) -> None:
        row = self.queryset.model(pk=number)  # type: ignore[attr-defined]
        # A viewset with one method for many actions names the one that was asked for in its path.
        verb = self.kwargs.get("code", action)
        reason = str(request.data.get("reason", "")) if isinstance(request.data, dict) else ""
        record(Deed(row, verb, API, request.user, timezone.now(), reason))
