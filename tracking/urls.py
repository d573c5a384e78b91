"""The addresses in mails; `deliveries/content/links.py` builds them."""

from __future__ import annotations

from django.urls import path

from tracking import endpoints

urlpatterns = [
    path("t/o/<str:token>.gif", endpoints.open_pixel, name="tracking-open"),
    path("t/c/<str:token>", endpoints.click, name="tracking-click"),
    path("t/m/<str:token>", endpoints.mirror, name="tracking-mirror"),
    path("t/u/<str:token>", endpoints.unsubscribe, name="tracking-unsubscribe"),
    path("t/p/<str:token>", endpoints.preferences, name="tracking-preferences"),
]
