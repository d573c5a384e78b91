"""What every admin shares: read-only tables, pages without COUNT(*), pages with tabs, buttons that call services."""

from common.admin.actions import ServiceActionsMixin, service_action
from common.admin.dialogs import Choice, Dialog
from common.admin.pages import NoCountPaginator, OneOrderMixin, ReadOnlyAdmin
from common.admin.tabs import FORM, PROPERTIES, Tab, TabbedPageMixin

__all__ = [
    "FORM",
    "PROPERTIES",
    "Choice",
    "Dialog",
    "NoCountPaginator",
    "OneOrderMixin",
    "ReadOnlyAdmin",
    "ServiceActionsMixin",
    "Tab",
    "TabbedPageMixin",
    "service_action",
]
