from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InstallationConfig(AppConfig):
    name = "installation"
    verbose_name = _("Installation")

    def ready(self) -> None:
        from installation import audit, retention  # noqa: F401
