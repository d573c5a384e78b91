from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from operations import signals
from operations.models import Activity, Workflow


class Command(ServiceCommand):
    help = gettext_lazy("Tell an activity that waits for an external signal to go on.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workflow", help=_("number or internal name"))
        parser.add_argument("activity", help=_("name of the activity"))
        parser.add_argument(
            "--set", dest="values", metavar="NAME=VALUE", action="append", default=[], help=_("a variable of the run")
        )

    def act(self, options: dict[str, Any]) -> None:
        activity = self._activity(options["workflow"], options["activity"])
        parameters = dict(self._value(text) for text in options["values"])
        signal = signals.receive(activity=activity, parameters=parameters, now=timezone.now())
        self.tell(activity, "signal", signal=signal.pk)
        document = {"id": signal.pk, "workflow": activity.workflow_id, "activity": activity.name}
        self.answer(document, _("Signal %(id)d for “%(activity)s” is kept.") % {"id": signal.pk, "activity": activity})

    def _activity(self, workflow: str, name: str) -> Activity:
        key = {"pk": int(workflow)} if workflow.isdigit() else {"internal_name": workflow}
        found = Workflow.objects.filter(**key).first()
        if found is None:
            raise CommandError(_("There is no workflow %(name)s.") % {"name": workflow})
        activity = Activity.objects.filter(workflow=found, name=name, retired=False).first()
        if activity is None:
            message = _("The workflow “%(workflow)s” has no activity “%(name)s”.")
            raise CommandError(message % {"workflow": found, "name": name})
        return activity

    def _value(self, text: str) -> tuple[str, Any]:
        """`name=12` is a number, `name=true` a truth, everything else a text."""
        name, equals, value = text.partition("=")
        if not equals:
            self.usage(_("--set %(text)s: write NAME=VALUE.") % {"text": text})
        try:
            return name, json.loads(value)
        except ValueError:
            return name, value
