from operations.models.assignment import Assignment
from operations.models.memory import IncrementalMark, IncrementalMember
from operations.models.operation import Operation, OperationState, Plan, Program
from operations.models.population import Population, PopulationData, PopulationMember
from operations.models.rehearsal import Rehearsal, RehearsalState
from operations.models.run import ActivityRun, RunLog, RunState, TaskState, WorkflowRun
from operations.models.signal import ExternalSignal
from operations.models.workflow import Activity, Transition, Workflow, WorkflowState, WorkflowVersion

__all__ = [
    "Activity",
    "ActivityRun",
    "Assignment",
    "ExternalSignal",
    "IncrementalMark",
    "IncrementalMember",
    "Operation",
    "OperationState",
    "Plan",
    "Population",
    "PopulationData",
    "PopulationMember",
    "Program",
    "Rehearsal",
    "RehearsalState",
    "RunLog",
    "RunState",
    "TaskState",
    "Transition",
    "Workflow",
    "WorkflowRun",
    "WorkflowState",
    "WorkflowVersion",
]
