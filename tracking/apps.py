from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = _("Tracking")

    def ready(self) -> None:
        # Modules that register themselves: behaviours of the filter language, pickers, explainers.
        from tracking import consolidation, criteria, erasure, explain, retention  # noqa: F401
        from tracking.events import unsubscribed  # noqa: F401
