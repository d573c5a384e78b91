"""The API's addresses: every app lists its viewsets in `<app>/api/routes.py`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import APIRootView, DefaultRouter
from rest_framework.viewsets import ViewSetMixin

from campaign_site.middleware import POLICY
from common.api import schema as _schema  # noqa: F401  (registers the fields with the schema)
from common.api.permissions import IsAuthenticatedReader
from deliveries.api.routes import routes as delivery_routes
from installation.api.routes import routes as installation_routes
from operations.api.routes import routes as operation_routes
from recipients.api.routes import routes as recipient_routes
from tracking.api.routes import routes as tracking_routes

ROUTES: list[tuple[str, type[ViewSetMixin]]] = [
    *recipient_routes,
    *operation_routes,
    *delivery_routes,
    *tracking_routes,
    *installation_routes,
]
# Swagger's page styles itself inline and carries its icons; its script comes from a file and needs no exception.
DOCUMENTATION_POLICY = f"{POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class Root(APIRootView):
    """The lists that this installation offers."""

    permission_classes = [IsAuthenticatedReader]


class Router(DefaultRouter):
    APIRootView = Root
    include_format_suffixes = False


class Documentation(SpectacularSwaggerSplitView):
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = DOCUMENTATION_POLICY
        return response


def build_router() -> Router:
    router = Router()
    for prefix, viewset in ROUTES:
        router.register(prefix, viewset, basename=prefix)
    return router


urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", Documentation.as_view(url_name="api-schema"), name="api-docs"),
    path("", include(build_router().urls)),
]
