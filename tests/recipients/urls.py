"""The routes of this app alone, as the site's router registers them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from rest_framework.routers import DefaultRouter

from recipients.api.routes import routes

router = DefaultRouter()
for prefix, viewset in routes:
    router.register(prefix, viewset)

urlpatterns = [path("admin/", admin.site.urls), path("api/v1/", include(router.urls))]
