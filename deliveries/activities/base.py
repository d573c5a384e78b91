"""What every delivery activity does: make its delivery, ask for the analysis, wait for it, pass the people on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.errors import Refused
from common.sentences import Sentence
from deliveries.exchange import export_content, import_content, template_number
from deliveries.models import (
    Broadlog,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DeliveryTemplate,
    MessageStatus,
    Preparation,
    PreparationState,
    RequestedAction,
)
from deliveries.preparation.request import request_preparation
from deliveries.preparation.void import WORKING_STATES, drop
from deliveries.rehearsal import rehearse_delivery
from deliveries.templates import set_local_template
from deliveries.travelling import VARIABLE
from operations.models import Activity, ActivityRun, Population, RunLog
from operations.workflow import populations
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm
from operations.workflow.fields import MAXIMUM_CHOICES
from operations.workflow.variables import set_variables

# The end of the analysis wakes the task; this look is for the case that nobody is there to wake it.
LOOK_AGAIN = timedelta(minutes=1)
ENDED_BADLY = (PreparationState.FAILED, PreparationState.CANCELLED)


class TemplateField(forms.IntegerField):
    """The number of a shared delivery template, of the given channel or of any."""

    def __init__(self, channel: str = "", **options: Any) -> None:
        self.channel = channel
        super().__init__(label=gettext_lazy("Template"), **options)

    def describe(self, scope: Any) -> dict[str, Any]:
        templates = DeliveryTemplate.objects.filter(activity__isnull=True)
        if self.channel:
            templates = templates.filter(channel=self.channel)
        choices = templates.order_by("label", "pk").values_list("pk", "label")[:MAXIMUM_CHOICES]
        return {"editor": "choice", "choices": [list(choice) for choice in choices]}


class DeliveryConfig(ConfigForm):
    template = TemplateField(help_text=gettext_lazy("The content and the settings of what is sent."))
    action = forms.ChoiceField(
        label=gettext_lazy("Action"),
        choices=list(reversed(RequestedAction.choices)),
        initial=RequestedAction.PREPARE_AND_START.value,
        help_text=gettext_lazy("How far each run carries the delivery by itself."),
    )

    def clean_template(self) -> int:
        number: int = self.cleaned_data["template"]
        # The local template of an activity is its own.
        if not DeliveryTemplate.objects.filter(pk=number, activity__isnull=True).exists():
            raise forms.ValidationError(_("There is no delivery template %(number)s.") % {"number": number})
        return number


class DeliveryActivity(ActivityType):
    """Base of the delivery activities; a subclass says in `create` which delivery a task writes to."""

    category = "deliveries"
    icon = "send"
    kind: ClassVar[str] = DeliveryKind.ONE_OFF
    may_end_branch = True
    has_side_effects = True
    # Its content is a copy of the chosen template, edited with the activity.
    has_local_template: ClassVar[bool] = True

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        """The delivery of this task; called again for a resumed task, it answers the same one."""
        raise NotImplementedError

    def execute(self, context: TaskContext) -> Outcome:
        preparation = Preparation.objects.select_related("delivery").filter(task=context.task).first()
        if preparation is not None and not is_resumed(context, preparation):
            return self._look(context, preparation)
        population = context.required_population()
        return self._begin(context, population) if population.count else nobody(context)

    def rehearse(self, context: TaskContext) -> Outcome:
        template = self._template(context)
        return rehearse_delivery(context, template=template, label=self.label_of(context, template), kind=self.kind)

    def label_of(self, context: TaskContext, template: DeliveryTemplate) -> str:
        """What the delivery of this task is called."""
        return template.label

    def saved(self, activity: Activity, previous: Mapping[str, Any] | None) -> None:
        chosen = activity.config.get("template")
        if not self.has_local_template or chosen is None:
            return
        has_copy = DeliveryTemplate.objects.filter(activity=activity).exists()
        if not has_copy or (previous or {}).get("template") != chosen:
            set_local_template(activity, chosen)

    def stopped(self, task: ActivityRun, *, now: Any) -> None:
        working = Preparation.objects.select_for_update().filter(task=task, state__in=WORKING_STATES).first()
        if working is None:
            return
        drop(working, now=now)
        delivery = Delivery.objects.select_for_update().get(pk=working.delivery_id)
        if delivery.moves.allows(delivery.state, DeliveryState.EDITED):
            delivery.moves.move(delivery, to=DeliveryState.EDITED)

    def document(self, activity: Activity) -> dict[str, Any]:
        if not self.has_local_template:
            return {}
        number = DeliveryTemplate.objects.filter(activity=activity).values_list("pk", flat=True).first()
        return {"local_template": number}

    def exported(self, activity: Activity) -> dict[str, Any]:
        """The template by its internal name, and the content that the activity sends."""
        template = DeliveryTemplate.objects.get(pk=activity.config["template"])
        own = DeliveryTemplate.objects.filter(activity=activity).first() or template
        return {**activity.config, "template": template.internal_name, "content": export_content(own)}

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        config = {name: value for name, value in exported.items() if name != "content"}
        return {**config, "template": template_number(config.get("template"))}

    def restored(self, activity: Activity, exported: Mapping[str, Any]) -> None:
        local = DeliveryTemplate.objects.filter(activity=activity).first()
        if local is not None and "content" in exported:
            import_content(local, exported["content"])

    def _begin(self, context: TaskContext, population: Population) -> Outcome:
        action = context.config["action"]
        try:
            delivery = self.create(context, self._template(context))
            set_variables(context, **{VARIABLE: delivery.pk})
            if action == RequestedAction.SAVE:
                tell_what_is_asked(context, delivery, None)
                return Done({"out": population})
            preparation = request_preparation(
                delivery=delivery, action=action, now=context.now, population=population, task=context.task
            )
        except Refused as error:
            raise ActivityFailed(str(error)) from error
        tell_what_is_asked(context, delivery, preparation)
        return _wait(context, preparation)

    def _template(self, context: TaskContext) -> DeliveryTemplate:
        chosen = context.config["template"]
        own = {"activity": context.drawn_activity} if self.has_local_template else {"pk": chosen}
        template = DeliveryTemplate.objects.filter(**own).first()
        if template is None:
            raise ActivityFailed(_("There is no delivery template %(number)s.") % {"number": chosen})
        return template

    def _look(self, context: TaskContext, preparation: Preparation) -> Outcome:
        delivery = preparation.delivery
        if preparation.state in WORKING_STATES:
            return _wait(context, preparation)
        if preparation.state == PreparationState.FAILED:
            raise analysis_failed(preparation)
        if preparation.state == PreparationState.CANCELLED:
            return _look_at_cancelled(context, delivery)
        message = gettext_noop("“%(label)s”: %(to_deliver)d to deliver, %(ignored)d ignored.")
        context.log(Sentence(message, _numbers(preparation)))
        return Done(_outbound(context, preparation))


def nobody(context: TaskContext) -> Done:
    context.log(Sentence(gettext_noop("Nobody comes in: no delivery is made.")))
    return Done()


def _wait(context: TaskContext, preparation: Preparation) -> Wait:
    memo = {"preparation": preparation.pk, "attempt": context.task.attempt}
    return Wait(context.now + LOOK_AGAIN, memo)


def tell_what_is_asked(context: TaskContext, delivery: Delivery, preparation: Preparation | None) -> None:
    message = gettext_noop("The analysis of “%(label)s” is asked for.")
    if preparation is None:
        message = gettext_noop("The delivery “%(label)s” is saved.")
    context.log(Sentence(message, {"label": delivery.label}))


def analysis_failed(preparation: Preparation) -> ActivityFailed:
    message = _("The analysis of “%(label)s” failed: %(error)s")
    return ActivityFailed(message % {"label": preparation.delivery.label, "error": preparation.error})


def is_resumed(context: TaskContext, preparation: Preparation) -> bool:
    """The failure of this analysis has been reported, and somebody resumed the run: ask for it again."""
    return preparation.state in ENDED_BADLY and context.task.memo.get("attempt") != context.task.attempt


def _look_at_cancelled(context: TaskContext, delivery: Delivery) -> Outcome:
    if delivery.stop_requested or delivery.state == DeliveryState.STOPPED:
        message = gettext_noop("The delivery “%(label)s” was stopped during its analysis.")
        context.log(Sentence(message, {"label": delivery.label}), RunLog.Level.WARNING)
        return Done()
    raise ActivityFailed(
        _("The analysis of “%(label)s” was taken back; resume the run to ask for it again.") % {"label": delivery.label}
    )


def _numbers(preparation: Preparation) -> dict[str, Any]:
    return {
        "label": preparation.delivery.label,
        "to_deliver": preparation.to_deliver,
        "ignored": preparation.ignored,
    }


def _outbound(context: TaskContext, preparation: Preparation) -> dict[str, Population | None]:
    """Those who get the message; an estimate writes no rows and lets everybody pass."""
    population = preparation.population
    everybody = population is not None and preparation.to_deliver == population.count
    if everybody or preparation.state == PreparationState.ESTIMATED:
        return {"out": population}
    rows = Broadlog.objects.filter(delivery=preparation.delivery_id, preparation=preparation)
    kept = rows.exclude(status=MessageStatus.IGNORED).values_list("recipient")
    return {"out": populations.store(context.task, "out", kept)}
