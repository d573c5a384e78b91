"""Who may call what: Django's model permissions, for reading too, and the codename that an action declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework's views load this module (it is the default permission) while they are being loaded themselves.
    from rest_framework.views import APIView


class ModelPermissions(DjangoModelPermissions):
    """Reading needs the `view` permission; an action needs `view.action_permissions[action]`."""

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "OPTIONS": [],
    }

    def has_permission(self, request: Request, view: APIView) -> bool:
        codename = self._action_permission(view)
        if codename is not None:
            return bool(request.user and request.user.is_authenticated and request.user.has_perm(codename))
        return super().has_permission(request, view)

    @staticmethod
    def _action_permission(view: Any) -> str | None:
        permissions: dict[str, str] = getattr(view, "action_permissions", {})
        return permissions.get(getattr(view, "action", None) or "")


class IsAuthenticatedReader(BasePermission):
    """For documents that show no rows: any authenticated user."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated)
