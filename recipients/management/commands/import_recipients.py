"""`import_recipients FILE --mapping email=E-mail,first_name=Prénom --key email`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from common.logging import one_line
from recipients.imports import ImportReport, import_file
from recipients.imports.mapping import KEYS, parse_mapping
from recipients.imports.run import Listener


class Command(ServiceCommand):
    help = gettext_lazy("Creates or updates recipients from a CSV file; progress and rejected lines on stderr.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--mapping", required=True, help=_("field=Column,… with attributes.<name>=Column for attributes")
        )
        parser.add_argument("--key", choices=KEYS, default="email", help=_("the field that says who a line is about"))
        parser.add_argument("--dry-run", action="store_true", help=_("check and count, write nothing"))

    def act(self, options: dict[str, Any]) -> None:
        report = import_file(
            options["file"],
            mapping=parse_mapping(options["mapping"]),
            key=options["key"],
            dry_run=options["dry_run"],
            listener=Listener(self._progress, self._error),
        )
        self.answer(_document(report), _sentence(report))

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(_("%(done)d of %(total)d lines") % {"done": done, "total": total})

    def _error(self, line: int, reason: str) -> None:
        self.stderr.write(_("Line %(line)d: %(reason)s") % {"line": line, "reason": one_line(reason)})


def _document(report: ImportReport) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
        "errors": [{"line": line, "detail": reason} for line, reason in report.errors],
    }


def _sentence(report: ImportReport) -> str:
    counts = _("%(created)d created, %(updated)d updated, %(unchanged)d unchanged, %(rejected)d rejected") % {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
    }
    return _("%(counts)s (dry run: nothing was written).") % {"counts": counts} if report.dry_run else f"{counts}."
