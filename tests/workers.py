"""How tests are handed out to the processes that run them."""

from __future__ import annotations

from typing import cast

from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]


class Groups(LoadGroupScheduling):  # type: ignore[misc]
    """By group, and to an end when a worker dies.

    pytest-xdist 3.8 would wait for ever for the one that replaces it: what the dead one had finished is handed out
    again as work without a test, and a worker keeps its last test until it is told what comes next.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        work = self.assigned_work[node]
        for scope in [scope for scope, tests in work.items() if all(tests.values())]:
            del work[scope]
        return cast("str | None", super().remove_node(node))

    def mark_test_pending(self, item: str) -> None:
        """What was running when the worker died is handed out with the rest of its group."""

    def schedule(self) -> None:
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)
