"""The tabs of a delivery's page; one file each. Apps downstream add theirs: they stand before the audit."""

from __future__ import annotations

from collections.abc import Iterator

from common.admin import FORM, PROPERTIES, Tab
from common.registry import Registry
from deliveries.admin.tabs.audit import audit_tab
from deliveries.admin.tabs.content import content_tab
from deliveries.admin.tabs.logs import logs_tab
from deliveries.admin.tabs.summary import summary_tab

_LAST = ("audit", PROPERTIES)


class DeliveryTabs(Registry[Tab]):
    """The audit and the form come last, whoever registers when."""

    def items(self) -> list[tuple[str, Tab]]:
        return sorted(super().items(), key=lambda entry: entry[0] in _LAST)

    def codes(self) -> list[str]:
        return [code for code, _tab in self.items()]

    def __iter__(self) -> Iterator[Tab]:
        return iter(tab for _code, tab in self.items())


delivery_tabs = DeliveryTabs("tabs of a delivery")
delivery_tabs.add("summary", summary_tab)
delivery_tabs.add("content", content_tab)
delivery_tabs.add("logs", logs_tab)
delivery_tabs.add("audit", audit_tab)
delivery_tabs.add(PROPERTIES, FORM)

__all__ = ["DeliveryTabs", "delivery_tabs"]
