"""What this app adds to `/api/v1/`."""

from __future__ import annotations

from installation.api.viewsets import MtaProcessViewSet, OptionViewSet

routes = [("options", OptionViewSet), ("mta-processes", MtaProcessViewSet)]
