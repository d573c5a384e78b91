"""The API's addresses: every app lists its viewsets in `<app>/api/routes.py`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import APIRootView, DefaultRouter

from campaign_site.middleware import POLICY
from common.api.permissions import IsAuthenticatedReader

APPS = ("recipients", "operations", "deliveries", "tracking", "installation")
# Swagger's page styles itself inline; its script comes from a file, so scripts need no exception.
DOCUMENTATION_POLICY = f"{POLICY}; style-src 'self' 'unsafe-inline'"


class Root(APIRootView):
    """The lists that this installation offers."""

    permission_classes = [IsAuthenticatedReader]


class Router(DefaultRouter):
    APIRootView = Root
    include_format_suffixes = False


class Documentation(SpectacularSwaggerSplitView):  # type: ignore[misc]
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = DOCUMENTATION_POLICY
        return response


def build_router() -> Router:
    router = Router()
    for app in APPS:
        name = f"{app}.api.routes"
        if find_spec(name) is None:
            continue
        for prefix, viewset in import_module(name).routes:
            router.register(prefix, viewset, basename=prefix.replace("/", "-"))
    return router


urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", Documentation.as_view(url_name="api-schema"), name="api-docs"),
    path("", include(build_router().urls)),
]
