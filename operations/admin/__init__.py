"""The operator's pages: plans, programs, operations, workflows, runs; beat's tasks, read-only where they are ours."""

from operations.admin import badges, navigation
from operations.admin.assignment import AssignmentAdmin
from operations.admin.containers import PlanAdmin, ProgramAdmin
from operations.admin.operation import OperationAdmin
from operations.admin.periodic_task import WorkflowTaskAdmin
from operations.admin.run import WorkflowRunAdmin
from operations.admin.workflow import WorkflowAdmin

__all__ = [
    "AssignmentAdmin",
    "OperationAdmin",
    "PlanAdmin",
    "ProgramAdmin",
    "WorkflowAdmin",
    "WorkflowRunAdmin",
    "WorkflowTaskAdmin",
    "badges",
    "navigation",
]
