"""Checks of a document's shape."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from recipients.filters.errors import FilterError, Path


def refuse_unknown_keys(node: dict[str, Any], known: Collection[str], path: Path) -> None:
    for key in node:
        if key not in known:
            raise FilterError(_("Unknown key: %(name)s.") % {"name": str(key)[:100]}, (*path, str(key)[:100]))


def require_object(node: Any, path: Path) -> dict[str, Any]:
    if not isinstance(node, dict) or not node:
        raise FilterError(_('A filter is missing here; everybody is {"everyone": true}.'), path)
    return node
