"""One error format: `{"code", "detail", "fields"}`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ProtectedError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler
from rest_framework.views import set_rollback

from common.errors import Conflict, IllegalState, Refused


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, Refused):
        set_rollback()
        return _answer(_status(error), error.code, str(error), error.fields)
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(_django_fields(error))
    if isinstance(error, ProtectedError):
        set_rollback()
        return _answer(409, "in_use", _("Other rows still refer to this one; it can't be deleted."), {})
    response = rest_exception_handler(error, context)
    if response is None:
        return None
    response.data = _document(error, response.data)
    return response


def _status(error: Refused) -> int:
    return 409 if isinstance(error, IllegalState | Conflict) else 400


def _answer(status: int, code: str, detail: str, fields: dict[str, Any]) -> Response:
    return Response({"code": code, "detail": detail, "fields": fields}, status=status)


def _django_fields(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    return {"non_field_errors": [str(text) for text in error.messages]}


def _document(error: Exception, data: Any) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = data if isinstance(data, dict) else {"non_field_errors": data}
        return {"code": "invalid", "detail": _first_sentence(fields), "fields": fields}
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    code = error.default_code if isinstance(error, exceptions.APIException) else "error"
    detail = data.get("detail", "") if isinstance(data, dict) else data
    return {"code": str(code), "detail": str(detail), "fields": {}}


def _first_sentence(fields: dict[str, Any]) -> str:
    for name, texts in fields.items():
        text = texts[0] if isinstance(texts, list) and texts else texts
        return str(text) if name == "non_field_errors" else f"{name}: {text}"
    return ""
