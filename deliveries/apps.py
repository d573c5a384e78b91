from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DeliveriesConfig(AppConfig):
    name = "deliveries"
    verbose_name = _("Deliveries")

    def ready(self) -> None:
        from common.modules import import_submodules

        for folder in ("channels", "typology.rules", "activities"):
            import_submodules(f"deliveries.{folder}")
        # Modules that register themselves: the filter language's behaviours, pickers, participants.
        import deliveries.calendar
        import deliveries.complaints
        import deliveries.criteria
        import deliveries.erasure
        import deliveries.lifecycle
        import deliveries.participants
        import deliveries.preparation.pipeline
        import deliveries.reach
        import deliveries.retention  # noqa: F401
        from deliveries.inbound.rule_table import install_default_rules
        from deliveries.mta.throttling.providers import fill_providers

        post_migrate.connect(fill_providers, sender=self, dispatch_uid="deliveries.providers")
        post_migrate.connect(install_default_rules, sender=self, dispatch_uid="deliveries.bounce_rules")
