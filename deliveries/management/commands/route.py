"""`route test|pause|resume NAME`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.models import Affinity, Route
from deliveries.route_check import check_route
from deliveries.routes import pause_route, resume_route


class Command(ServiceCommand):
    help = gettext_lazy("Try a route without sending anything, pause it, use it again.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=list(self.verbs()))
        parser.add_argument("name", help=_("internal name of the route"))
        parser.add_argument("--affinity", help=_("test: name of the affinity whose address it leaves from"))
        parser.add_argument("--domain", default="", help=_("test: the receiving domain to try on the direct way"))

    def verbs(self) -> dict[str, Callable[[Route, dict[str, Any]], None]]:
        return {"test": self.test, "pause": self.pause, "resume": self.resume}

    def act(self, options: dict[str, Any]) -> None:
        if options["verb"] != "test" and (options["affinity"] or options["domain"]):
            self.usage(_("--affinity and --domain go with “test”."))
        self.verbs()[options["verb"]](_by_name(Route, "internal_name", options["name"]), options)

    def test(self, route: Route, options: dict[str, Any]) -> None:
        affinity = _by_name(Affinity, "name", options["affinity"]) if options["affinity"] else None
        reports = check_route(route=route, affinity=affinity, domain=options["domain"])
        lines = [f"{report.server}: {report.text}" for report in reports]
        self.answer([asdict(report) for report in reports], "\n".join(lines))
        if not any(report.works for report in reports):
            raise CommandError(_("No server of the route takes mail."))

    def pause(self, route: Route, options: dict[str, Any]) -> None:
        paused = pause_route(route.pk, reason=_("Paused by a command."), now=timezone.now())
        self._tell(route, _("The route is paused.") if paused else _("The route was paused already."))

    def resume(self, route: Route, options: dict[str, Any]) -> None:
        resumed = resume_route(route.pk)
        self._tell(route, _("The route is in use again.") if resumed else _("The route was not paused."))

    def _tell(self, route: Route, text: str) -> None:
        route.refresh_from_db()
        self.answer({"route": route.internal_name, "paused": route.paused}, text)
        self.tell(route, "pause" if route.paused else "resume")


def _by_name(model: Any, field: str, name: str) -> Any:
    row = model.objects.filter(**{field: name}).first()
    if row is None:
        raise model.DoesNotExist(
            _("There is no %(kind)s “%(name)s”.") % {"kind": model._meta.verbose_name, "name": name}
        )
    return row
