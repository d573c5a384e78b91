"""The addresses that providers call."""

from __future__ import annotations

from django.urls import path

from deliveries.inbound import endpoints

urlpatterns = [path("inbound/<int:source_id>/<str:secret>/", endpoints.webhook, name="inbound-webhook")]
