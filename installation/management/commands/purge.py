"""`purge [--dry-run] [--seconds N]`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from installation.retention import Purged, due, purge


class Command(ServiceCommand):
    help = gettext_lazy("Deletes what the retention options say is too old, a little at a time.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help=_("count, delete nothing"))
        parser.add_argument("--seconds", type=float, help=_("stop after so many seconds; the next call goes on"))

    def act(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        found: Iterable[Purged] = due(now=now)
        if not options["dry_run"]:
            found = purge(now=now, seconds=options["seconds"], on_batch=self._tell)
        kinds = list(found)
        self.answer(
            {"dry_run": options["dry_run"], "kinds": [_document(kind) for kind in kinds]},
            "\n".join(_said(kind, options["dry_run"]) for kind in kinds),
        )

    def _tell(self, code: str, rows: int) -> None:
        if rows % 10_000 == 0:
            self.say(_("%(kind)s: %(rows)d rows so far") % {"kind": code, "rows": rows})


def _document(kind: Purged) -> dict[str, Any]:
    return {"kind": kind.code, "before": kind.before, "rows": kind.rows, "finished": kind.finished}


def _said(kind: Purged, dry_run: bool) -> str:
    if kind.before is None:
        return _("%(label)s: kept for ever") % {"label": kind.label}
    numbers = {"label": kind.label, "rows": kind.rows, "date": kind.before.date().isoformat()}
    if dry_run:
        return _("%(label)s: %(rows)d rows before %(date)s would be deleted") % numbers
    if not kind.finished:
        return _("%(label)s: %(rows)d rows before %(date)s deleted, more to come") % numbers
    return _("%(label)s: %(rows)d rows before %(date)s deleted") % numbers
