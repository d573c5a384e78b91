"""The operator's pages: plans, programs, operations, workflows, runs; beat's tasks, read-only where they are ours."""

from operations.admin.containers import OperationAdmin, PlanAdmin, ProgramAdmin
from operations.admin.periodic_task import WorkflowTaskAdmin
from operations.admin.run import WorkflowRunAdmin
from operations.admin.workflow import WorkflowAdmin

__all__ = ["OperationAdmin", "PlanAdmin", "ProgramAdmin", "WorkflowAdmin", "WorkflowRunAdmin", "WorkflowTaskAdmin"]
