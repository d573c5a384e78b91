"""A drawing in which somebody is asked, and the people who may answer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User

from operations.models import Assignment, WorkflowRun
from tests.operations.factories import activity, drawing, make_list, people_of


def asking(type: str, people: Any, *lines: str, **config: Any) -> dict[str, Any]:
    """a (a list) → ask, then the lines."""
    ends = {line.split(" → ")[1] for line in lines}
    given = {"title": "Send?", **config}
    activities = [*people_of(make_list(people)), activity("ask", type, **given)]
    return drawing([*activities, *(activity(name, "end") for name in sorted(ends))], "a → ask", *lines)


def make_user(name: str, *permissions: str, **values: Any) -> User:
    user = User.objects.create_user(name, email=f"{name}@example.com", **values)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def make_group(name: str, *users: User) -> Group:
    group = Group.objects.create(name=name)
    group.user_set.add(*users)
    return group


def question_of(run: WorkflowRun) -> Assignment:
    return Assignment.objects.get(task__run=run)
