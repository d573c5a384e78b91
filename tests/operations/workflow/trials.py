"""Activity types that fail, die, wait or ask for too much: what the engine must survive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from operations.models import ActivityRun
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import activity_types


class ProcessDied(BaseException):
    """What kill -9 looks like from inside: nothing after it runs."""


class Trial(ActivityType):
    """Does what the test says; by default it passes on what comes in."""

    code = "trial"
    label = "Trial"
    minimum_inbound = 0
    may_end_branch = True
    Config = ConfigForm
    script: Callable[[TaskContext], Outcome | None] | None = None
    executed: list[str]
    stops: list[str]

    def execute(self, context: TaskContext) -> Outcome:
        Trial.executed.append(context.task.name)
        outcome = Trial.script(context) if Trial.script else None
        return outcome or Done({"out": context.single_inbound})

    def stopped(self, task: ActivityRun, *, now: datetime) -> None:
        Trial.stops.append(task.name)


@contextmanager
def registered(**types: type[ActivityType]) -> Iterator[None]:
    for code, activity_type in types.items():
        activity_types.add(code, activity_type)
    try:
        yield
    finally:
        for code in types:
            del activity_types._entries[code]


@contextmanager
def trials(script: Callable[[TaskContext], Any] | None = None) -> Iterator[type[Trial]]:
    Trial.executed, Trial.stops = [], []
    Trial.script = staticmethod(script) if script else None
    with registered(trial=Trial):
        yield Trial
