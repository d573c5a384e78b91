from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from common.modules import import_submodules

        import_submodules("operations.activities")
        # It registers itself.
        import operations.criteria
        import operations.erasure
        import operations.retention  # noqa: F401
