"""What an activity type is, what it is given, and what it may answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from common.sentences import columns
from operations.models import Activity, ActivityRun, Operation, Population, RunLog, Workflow, WorkflowRun
from recipients.filters import FilterContext

if TYPE_CHECKING:
    from operations.workflow.config import ConfigForm


# In the variables of a simulated run: the number of the workflow that is rehearsed.
REHEARSAL = "_rehearsal"


class ActivityFailed(Exception):
    """The task can't be carried out: the message is shown to the marketer and the workflow is suspended."""


@dataclass(frozen=True)
class Inbound:
    """One arrival: the activity and outlet it came from, and the people; None where only the signal travels."""

    source: str
    outlet: str
    population: Population | None


@dataclass(frozen=True)
class Done:
    """The task is over. `outlets` names the outlets that fire, with the set that leaves through each."""

    outlets: Mapping[str, Population | None] = field(default_factory=dict)
    # Nothing else of this run is to happen: its unfinished tasks are stopped.
    ends_run: bool = False


@dataclass(frozen=True)
class Wait:
    """Look again from `until` on; `memo` is kept in the task (JSON)."""

    until: datetime
    memo: Mapping[str, Any] = field(default_factory=dict)


Outcome = Done | Wait


@dataclass
class TaskContext:
    """What `execute` may use. All writes happen in the transaction that also ends the task."""

    workflow: Workflow
    run: WorkflowRun
    task: ActivityRun
    activity: Activity
    config: Mapping[str, Any]
    inbound: Sequence[Inbound]
    now: datetime
    # The activities whose transition into this one will never fire in this run.
    silent: Sequence[str] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.workflow.zone_name())

    @property
    def is_rehearsal(self) -> bool:
        """The run is simulated, by a copy of the workflow in a transaction that will be undone."""
        return REHEARSAL in self.run.vars

    @property
    def drawn_activity(self) -> Activity:
        """The activity that somebody drew: in a rehearsal, the one that `activity` is a copy of."""
        if not self.is_rehearsal:
            return self.activity
        return Activity.objects.get(workflow=self.run.vars[REHEARSAL], name=self.activity.name)

    def note(self, **said: Any) -> None:
        """Say something of this task in the report of the rehearsal."""
        self.task.memo = {**self.task.memo, "rehearsal": {**self.task.memo.get("rehearsal", {}), **said}}

    @property
    def filter_context(self) -> FilterContext:
        """Filters see the scheduled instant, not the clock: a late run selects the same people."""
        return FilterContext(instant=self.run.scheduled_for, zone=self.zone)

    @property
    def single_inbound(self) -> Population | None:
        """The population that came in, for types that take one transition."""
        return self.inbound[0].population if self.inbound else None

    def required_population(self) -> Population:
        """The population that came in, or ActivityFailed when only a signal did."""
        if self.single_inbound is None:
            raise ActivityFailed(
                _("No people come in: put a query or a list before “%(activity)s”.") % {"activity": self.activity}
            )
        return self.single_inbound

    def log(self, message: object, level: str = RunLog.Level.INFO) -> None:
        """Write a line of the run's log: a Sentence, or a text that has no translation."""
        RunLog.objects.create(run=self.run, task=self.task, at=self.now, level=level, **columns(message))


@dataclass(frozen=True)
class Scope:
    """Where a configuration is to be valid: the workflow and its operation, if it has one."""

    workflow: Workflow
    operation: Operation | None


class ActivityType:
    """One type of activity: code, label, configuration form, outlets, behaviour. One file each."""

    code: ClassVar[str]
    label: ClassVar[Any]
    # One sentence for the palette and the panel.
    description: ClassVar[Any] = ""
    # A name of the icon sprite.
    icon: ClassVar[str] = "square"
    # Palette tab: targeting, flow, actions, deliveries.
    category: ClassVar[str] = "targeting"
    # How many transitions may come in; None is any number.
    minimum_inbound: ClassVar[int] = 1
    maximum_inbound: ClassVar[int | None] = 1
    # A branch may end here with nothing connected to any outlet.
    may_end_branch: ClassVar[bool] = False
    # A scheduler: starts runs at instants, has no inbound transition.
    is_scheduler: ClassVar[bool] = False
    # Waits for every inbound transition to fire, and is skipped if one never will (AND-join); the other types with
    # several inbound transitions start when each has fired or never will, and one at least has.
    needs_all_inbound: ClassVar[bool] = False
    # Only in the workflow of an operation.
    needs_operation: ClassVar[bool] = False
    # Whoever draws or changes one needs this permission ("app.codename"), besides that to change the workflow.
    permission: ClassVar[str] = ""
    # `execute` writes more than its own populations, or reaches somebody: a rehearsal calls `rehearse` instead.
    has_side_effects: ClassVar[bool] = False

    Config: ClassVar[type[ConfigForm]]

    def clean(self, config: Mapping[str, Any], *, scope: Scope, sources: Sequence[str]) -> dict[str, Any]:
        """The configuration with defaults filled in, or operations.workflow.config.InvalidConfig that names keys.

        `sources` are the names of the activities with a transition into this one.
        """
        from operations.workflow.config import clean_config

        return clean_config(self.Config, config, scope=scope, sources=sources)

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out"]

    def adds(self, config: Mapping[str, Any]) -> list[str]:
        """The names of the values that it adds to people, of a valid configuration: `target.<name>` after it."""
        return []

    def execute(self, context: TaskContext) -> Outcome:
        raise NotImplementedError

    def rehearse(self, context: TaskContext) -> Outcome:
        """What `execute` would answer, without its effects; those of a type that has some are passed over."""
        if not self.has_side_effects:
            return self.execute(context)
        context.note(passed_over=True)
        return Done(dict.fromkeys(self.outlets(context.config)[:1], context.single_inbound))

    def explanation(self, config: Mapping[str, Any]) -> Any:
        """What the panel says of this activity besides its settings: how it behaves from run to run."""
        return ""

    def saved(self, activity: Activity, previous: Mapping[str, Any] | None) -> None:
        """Called in the transaction that saved the activity; `previous` is its former configuration."""

    def stopped(self, task: ActivityRun, *, now: datetime) -> None:
        """Called in the transaction that skips an unfinished task because its run was stopped."""

    def document(self, activity: Activity) -> dict[str, Any]:
        """Read-only keys that the API adds to the activity (for example `local_template`)."""
        return {}

    def exported(self, activity: Activity) -> dict[str, Any]:
        """The configuration for another installation: rows by internal name, and whatever else must travel."""
        return dict(activity.config)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of an export, with this installation's numbers. Raises InvalidConfig."""
        return dict(exported)

    def restored(self, activity: Activity, exported: Mapping[str, Any]) -> None:
        """Called in the transaction of an import, after `saved`: put back what the configuration does not hold."""
