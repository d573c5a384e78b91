"""What every admin shares: read-only tables, pages without COUNT(*), buttons that call services."""

from common.admin.actions import ServiceActionsMixin, service_action
from common.admin.pages import NoCountPaginator, ReadOnlyAdmin

__all__ = ["NoCountPaginator", "ReadOnlyAdmin", "ServiceActionsMixin", "service_action"]
