from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from operations import services
from operations.models import Operation, OperationState


class Command(ServiceCommand):
    help = gettext_lazy("Start an operation, or cancel it with its workflows and deliveries.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["start", "cancel"])
        parser.add_argument("id", type=int)

    def act(self, options: dict[str, Any]) -> None:
        operation = self.get_row(Operation, options["id"])
        now = timezone.now()
        stopped: dict[str, Any] = {}
        if options["verb"] == "start":
            services.start_operation(operation=operation, now=now)
        else:
            stopped = services.cancel_operation(operation=operation, now=now)
        self.tell(operation, options["verb"])
        operation.refresh_from_db()
        state = OperationState(operation.state)
        text = _("Operation %(id)d: %(state)s") % {"id": operation.pk, "state": state.slug}
        details = ", ".join(f"{name} {value}" for name, value in stopped.items())
        document = {"id": operation.pk, "label": operation.label, "state": state.slug, "stopped": stopped}
        self.answer(document, f"{text} ({details})" if details else text)
