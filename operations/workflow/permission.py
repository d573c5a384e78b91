"""Who may draw which type of activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from operations.workflow.base import ActivityType
from operations.workflow.document import Node
from operations.workflow.registry import activity_types, get_type


class ActivityNotAllowed(Refused):
    """An activity of this type is drawn or changed only by those who have its permission."""

    code = "activity_not_allowed"


def may_draw(activity_type: ActivityType, user: Any) -> bool:
    return not activity_type.permission or user.has_perm(activity_type.permission)


def require_allowed(nodes: Iterable[Node], before: Mapping[str, tuple[str, Mapping[str, Any]]], user: Any) -> None:
    """Refuse the new and the changed activities that the user may not draw; `before` is (type, config) by name.

    Raises ActivityNotAllowed.
    """
    changed = [node for node in nodes if before.get(node.name) != (node.type, node.config)]
    refused = {node.name: [_sentence(node)] for node in changed if not _may_draw_node(node, user)}
    if refused:
        raise ActivityNotAllowed(" ".join(texts[0] for texts in refused.values()), fields=refused)


def _may_draw_node(node: Node, user: Any) -> bool:
    return node.type not in activity_types or may_draw(get_type(node.type), user)


def _sentence(node: Node) -> str:
    return _("%(activity)s: drawing or changing “%(type)s” needs the permission %(permission)s.") % {
        "activity": node.name,
        "type": get_type(node.type).label,
        "permission": get_type(node.type).permission,
    }
