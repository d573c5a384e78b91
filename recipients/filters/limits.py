"""How large a filter may be, so that no document can exhaust a process or the database."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from recipients.filters.errors import FilterError, Path

MAX_DEPTH = 20
MAX_LIST = 10_000
# Databases bound the depth of an expression tree (SQLite: 1000) and the number of parameters (SQLite: 32766).
MAX_CONDITIONS = 400
MAX_VALUES = 20_000
MAX_TEXT = 10_000


def check_limits(document: Any) -> None:
    """Refuse a document that is too deep or too large; walks without recursion."""
    conditions = values = 0
    pending: list[tuple[Any, int, Path]] = [(document, 1, ())]
    while pending:
        node, level, path = pending.pop()
        if isinstance(node, dict):
            conditions += 1
            if level > MAX_DEPTH:
                raise FilterError(_("A filter has at most %(count)d levels.") % {"count": MAX_DEPTH}, path[:3])
            pending.extend((child, level + 1, (*path, key)) for key, child in node.items() if _is_container(child))
        elif isinstance(node, list):
            values += len(node)
            pending.extend((child, level, (*path, at)) for at, child in enumerate(node) if isinstance(child, dict))
        if conditions > MAX_CONDITIONS:
            raise FilterError(_("A filter has at most %(count)d conditions.") % {"count": MAX_CONDITIONS})
        if values > MAX_VALUES:
            raise FilterError(_("A filter has at most %(count)d values.") % {"count": MAX_VALUES})


def _is_container(child: Any) -> bool:
    return isinstance(child, dict | list)
