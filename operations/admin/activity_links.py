"""What apps downstream say of an activity and of its tasks on the canvas: where its content is, how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from common.registry import Registry
from operations.models import Activity, ActivityRun


@dataclass(frozen=True)
class Proof:
    """Whether a proof can be sent, why not, and the address of the page that sends it."""

    allowed: bool
    why_not: str
    url: str


@dataclass(frozen=True)
class PageLink:
    """A page that belongs to an activity; `icon` is a name of the sprite."""

    label: str
    icon: str
    url: str


@dataclass(frozen=True)
class ActivityLinks:
    """`preview_url` shows the message, `edit_url` is where its content is changed; None where there is none. `pages`:
    others that belong to the activity."""

    proof: Proof | None = None
    preview_url: str | None = None
    edit_url: str | None = None
    pages: Sequence[PageLink] = ()


@dataclass(frozen=True)
class TaskProgress:
    """How far what a task made has come (0 to 1, None: it can't be said), and the page on which to look at it."""

    share: float | None
    text: str
    url: str | None


# By code of the activity type.
activity_links: Registry[Callable[[Activity, HttpRequest], ActivityLinks]] = Registry("activity links")

# (tasks, request, now) -> by the number of the task; asked once for all tasks of a run.
ProgressOfTasks = Callable[[Sequence[ActivityRun], HttpRequest, datetime], Mapping[int, TaskProgress]]
task_progress: Registry[ProgressOfTasks] = Registry("task progress")

# By code of the activity type: (configuration) -> one line for the node of the drawing.
activity_summaries: Registry[Callable[[Mapping[str, Any]], str]] = Registry("activity summaries")


def links_of(activity: Activity | None, request: HttpRequest) -> ActivityLinks:
    if activity is None or activity.type not in activity_links:
        return ActivityLinks()
    return activity_links.get(activity.type)(activity, request)


def progress_of_tasks(tasks: Sequence[ActivityRun], request: HttpRequest, now: datetime) -> dict[int, TaskProgress]:
    return {pk: found for answer in task_progress for pk, found in answer(tasks, request, now).items()}
