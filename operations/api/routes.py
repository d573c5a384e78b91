"""What this app adds to `/api/v1/`."""

from __future__ import annotations

from rest_framework.viewsets import ViewSetMixin

from operations.api import signals as _signals  # noqa: F401  (adds an action to the activities)
from operations.api.activities import ActivityTypeViewSet, ActivityViewSet, TransitionViewSet
from operations.api.assignments import AssignmentViewSet
from operations.api.containers import OperationViewSet, PlanViewSet, ProgramViewSet
from operations.api.files import WorkflowFileViewSet
from operations.api.rehearsals import RehearsalViewSet
from operations.api.runs import WorkflowRunViewSet
from operations.api.workflows import WorkflowViewSet

routes: list[tuple[str, type[ViewSetMixin]]] = [
    ("plans", PlanViewSet),
    ("programs", ProgramViewSet),
    ("operations", OperationViewSet),
    ("workflows", WorkflowViewSet),
    ("activities", ActivityViewSet),
    ("activity-types", ActivityTypeViewSet),
    ("transitions", TransitionViewSet),
    ("workflow-runs", WorkflowRunViewSet),
    ("rehearsals", RehearsalViewSet),
    ("workflow-files", WorkflowFileViewSet),
    ("assignments", AssignmentViewSet),
]
