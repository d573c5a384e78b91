"""What the installation exposes."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from campaign_site import health, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
    path("admin/sink/", include("campaign_site.sink.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("campaign_site.api")),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("tracking.urls")),
]

handler400 = "campaign_site.error_pages.bad_request"
handler404 = "campaign_site.error_pages.not_found"
handler500 = "campaign_site.error_pages.server_error"
