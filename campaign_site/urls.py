"""What the installation exposes."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from campaign_site import health, metrics
from campaign_site.account.catalog import catalog
from campaign_site.account.pages import language
from campaign_site.admin.sections import section_page
from campaign_site.home.page import home_page, live_part

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
    path("admin/sink/", include("campaign_site.sink.urls")),
    path("admin/", include("campaign_site.account.urls")),
    path("admin/section/<slug:code>/", admin.site.admin_view(section_page), name="section"),
    # Before the admin's own: its index, `admin:index`, is the home page.
    path("admin/", admin.site.admin_view(home_page), name="home"),
    path("admin/home/live/", admin.site.admin_view(live_part), name="home-live"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("campaign_site.api")),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("i18n/setlang/", language, name="set_language"),
    path("i18n/catalog.js", catalog, name="js-catalog"),
    path("", include("deliveries.inbound.urls")),
    path("", include("tracking.urls")),
]

handler400 = "campaign_site.error_pages.bad_request"
handler404 = "campaign_site.error_pages.not_found"
handler500 = "campaign_site.error_pages.server_error"
