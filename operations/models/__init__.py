from operations.models.memory import IncrementalMark, IncrementalMember
from operations.models.operation import Operation, OperationState, Plan, Program
from operations.models.population import Population, PopulationMember
from operations.models.run import ActivityRun, RunLog, RunState, TaskState, WorkflowRun
from operations.models.workflow import Activity, Transition, Workflow, WorkflowState, WorkflowVersion

__all__ = [
    "Activity",
    "ActivityRun",
    "IncrementalMark",
    "IncrementalMember",
    "Operation",
    "OperationState",
    "Plan",
    "Population",
    "PopulationMember",
    "Program",
    "RunLog",
    "RunState",
    "TaskState",
    "Transition",
    "Workflow",
    "WorkflowRun",
    "WorkflowState",
    "WorkflowVersion",
]
