"""Who has the drawing open for editing: a heartbeat in the cache, forgotten a minute after the last one.

One of them holds it: who came first, until another takes over. For the others the page is read only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

FORGOTTEN_AFTER = timedelta(seconds=60)
Editors = dict[int, dict[str, Any]]


def keep_editing(workflow_id: int, user: Any, *, active: bool, now: datetime, take: bool = False) -> None:
    """Say that this user edits, takes over, or has ended. Two beats at once may lose one: the next brings it back."""
    editors = _editors(workflow_id, now)
    before = editors.pop(user.pk, None)
    if active:
        since = before["since"] if before else now
        taken = now if take else before and before["taken"]
        editors[user.pk] = {"user": _name(user), "since": since, "seen": now, "taken": taken}
    cache.set(_key(workflow_id), editors, timeout=int(FORGOTTEN_AFTER.total_seconds()))


def others_editing(workflow_id: int, user_id: int | None, *, now: datetime) -> list[dict[str, Any]]:
    """Everybody else who edits, the first first; `holds` says who may change the drawing."""
    editors = _editors(workflow_id, now)
    holder = _holder(editors)
    others = sorted((row["since"], row["user"], pk) for pk, row in editors.items() if pk != user_id)
    return [{"user": name, "since": since.isoformat(), "holds": pk == holder} for since, name, pk in others]


def _holder(editors: Editors) -> int | None:
    """Who took over last, else who came first."""
    takers = {pk: row["taken"] for pk, row in editors.items() if row["taken"]}
    if takers:
        return max(takers, key=lambda pk: takers[pk])
    return min(editors, key=lambda pk: editors[pk]["since"], default=None)


def _editors(workflow_id: int, now: datetime) -> Editors:
    editors: Editors = cache.get(_key(workflow_id)) or {}
    return {pk: row for pk, row in editors.items() if now - row["seen"] < FORGOTTEN_AFTER}


def _key(workflow_id: int) -> str:
    return f"workflow-editing-{workflow_id}"


def _name(user: Any) -> str:
    return str(user.get_full_name() or user.get_username())
