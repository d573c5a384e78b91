from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveriesConfig(AppConfig):
    name = "deliveries"
    verbose_name = _("Deliveries")

    def ready(self) -> None:
        from common.modules import import_submodules

        for folder in ("channels", "typology.rules", "activities"):
            import_submodules(f"deliveries.{folder}")
        # Modules that register themselves: the filter language's behaviours, pickers, participants.
        import deliveries.criteria
        import deliveries.lifecycle
        import deliveries.participants
        import deliveries.preparation.pipeline  # noqa: F401
