"""What this app adds to `/api/v1/`."""

from __future__ import annotations

from tracking.api.viewsets import TrackedUrlViewSet, TrackingLogViewSet

routes = [("tracking-logs", TrackingLogViewSet), ("tracked-urls", TrackedUrlViewSet)]
