"""`delivery prepare|confirm|pause|resume|stop|proof|status|explain ID`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries import control
from deliveries.confirmation import confirm
from deliveries.diagnosis import Cause, pending_causes
from deliveries.explain import explain_recipient
from deliveries.lifecycle import start_due_deliveries
from deliveries.models import Delivery, DeliveryState, RequestedAction
from deliveries.preparation.pipeline import run_preparation
from deliveries.preparation.request import request_preparation
from deliveries.proofs import send_proof
from operations.explain import Step
from recipients.models import Recipient
from recipients.search import by_address


class Command(ServiceCommand):
    help = gettext_lazy("Act on one delivery, or ask about it.")

    # Option → the verb it goes with.
    OPTIONS: ClassVar[dict[str, str]] = {
        "series": "stop",
        "recipient": "explain",
        "recipients": "proof",
        "to": "proof",
    }

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=list(self.verbs()))
        parser.add_argument("id", type=int)
        parser.add_argument("--series", action="store_true", help=_("stop: the whole series"))
        parser.add_argument("--recipient", help=_("explain: number or e-mail address of one person"))
        parser.add_argument("--recipients", nargs="+", type=int, metavar="ID", help=_("proof: numbers of recipients"))
        parser.add_argument("--to", nargs="+", metavar="ADDRESS", help=_("proof: addresses"))

    def verbs(self) -> dict[str, Callable[[Delivery, dict[str, Any], datetime], None]]:
        return {
            "prepare": self.prepare,
            "confirm": self.confirm,
            "pause": self.pause,
            "resume": self.resume,
            "stop": self.stop,
            "proof": self.proof,
            "status": self.status,
            "explain": self.explain,
        }

    def act(self, options: dict[str, Any]) -> None:
        verb = options["verb"]
        for name, owner in self.OPTIONS.items():
            if options[name] and owner != verb:
                self.usage(_("--%(option)s goes with “%(verb)s”.") % {"option": name, "verb": owner})
        delivery = self.get_row(Delivery, options["id"])
        self.verbs()[verb](delivery, options, timezone.now())
        if verb not in ("status", "explain"):
            self.tell(delivery, "stop_series" if options["series"] else verb)

    def prepare(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        preparation = request_preparation(delivery=delivery, action=RequestedAction.PREPARE, now=now)
        # In the foreground: a terminal waits for the analysis, whether or not a worker is alive.
        run_preparation(preparation=preparation, now=now)
        delivery.refresh_from_db()
        self._tell(delivery, now)
        if delivery.state == DeliveryState.PREPARATION_FAILED:
            raise CommandError(_("The analysis failed: %(error)s") % {"error": _last_error(delivery)})

    def confirm(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        confirmed = confirm(delivery=delivery, now=now)
        start_due_deliveries(now)
        confirmed.refresh_from_db()
        self._tell(confirmed, now)

    def pause(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        self._tell(control.pause(delivery, now=now), now)

    def resume(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        self._tell(control.resume(delivery, now=now), now)

    def stop(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        scope = control.SERIES if options["series"] else control.OCCURRENCE
        stopped = control.stop(delivery, now=now, scope=scope)
        self._tell(stopped, now, "" if options["series"] else control.stop_consequence(stopped))

    def proof(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        if not options["recipients"] and not options["to"]:
            self.usage(_("A proof goes to --recipients ID … or --to ADDRESS …."))
        proof = send_proof(of=delivery, now=now, recipients=options["recipients"], addresses=options["to"])
        start_due_deliveries(now)
        proof.refresh_from_db()
        self._tell(proof, now)

    def status(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        self._tell(delivery, now)

    def explain(self, delivery: Delivery, options: dict[str, Any], now: datetime) -> None:
        if options["recipient"]:
            steps = explain_recipient(delivery, find_recipient(options["recipient"]).pk)
            document = {"steps": [asdict(step) for step in steps]}
            self.answer(document, "\n".join(_step_line(step) for step in steps))
            return
        causes = pending_causes(delivery, now)
        text = "\n".join(_cause_line(cause) for cause in causes) or _("This delivery waits for nothing.")
        self.answer({"pending": [asdict(cause) for cause in causes]}, text)

    def _tell(self, delivery: Delivery, now: datetime, remark: str = "") -> None:
        causes = pending_causes(delivery, now)
        document = {
            "id": delivery.pk,
            "label": delivery.label,
            "kind": delivery.kind,
            "state": DeliveryState(delivery.state).slug,
            "stop_requested": delivery.stop_requested,
            "counts": delivery.counts(),
            "pending_reason": causes[0].code if causes else None,
            "detail": remark,
        }
        counts = ", ".join(f"{name} {number}" for name, number in delivery.counts().items() if number)
        state = delivery.get_state_display()
        stopping = _(" (stop requested)") if delivery.stop_requested else ""
        lines = [f"#{delivery.pk} {delivery.label}: {state}{stopping}", counts, *map(_cause_line, causes), remark]
        self.answer(document, "\n".join(line for line in lines if line))


def find_recipient(text: str) -> Recipient:
    """The recipient with this number or e-mail address; two with one address: the first."""
    rows = Recipient.objects.filter(pk=int(text)) if text.isdigit() else by_address(text)
    recipient = rows.order_by("pk").first()
    if recipient is None:
        raise CommandError(_("There is no recipient %(text)s.") % {"text": text})
    return recipient


def _cause_line(cause: Cause) -> str:
    until = _(" (until %(until)s)") % {"until": timezone.localtime(cause.until).isoformat()} if cause.until else ""
    return f"{cause.code}: {cause.detail}{until} {cause.remedy}"


def _step_line(step: Step) -> str:
    at = timezone.localtime(step.at).isoformat(timespec="seconds") if step.at else "-"
    reason = f" ({step.reason})" if step.reason else ""
    return f"{at}  {step.where}: {step.outcome}{reason}"


def _last_error(delivery: Delivery) -> str:
    last = delivery.preparations.order_by("-number").values_list("error", flat=True).first()
    return last or delivery.error
