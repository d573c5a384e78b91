"""A rehearsal as a CSV file: a line for each delivery of each run, or for the run where it makes none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from common.csv_lines import csv_lines
from operations.admin.rehearsal.rows import DeliveryLine, RunRow, run_rows
from operations.models import Rehearsal


def table_file(rehearsal: Rehearsal) -> HttpResponse:
    rows = chain([_heads()], *(_lines(row) for row in run_rows(rehearsal)))
    answer = HttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="rehearsal-{rehearsal.pk}.csv"'
    return answer


def _heads() -> list[str]:
    run = [_("local time"), _("Entry"), _("state"), _("people at the start"), _("transitions")]
    delivery = [_("delivery"), _("targeted"), _("to deliver"), _("Dropped"), _("reasons"), _("already in the delivery")]
    return [*run, *delivery, _("warnings"), _("passed over"), _("reason")]


def _lines(row: RunRow) -> Iterator[list[Any]]:
    passages = "; ".join(f"{one.way}: {'–' if one.people is None else one.people}" for one in row.passages)
    people = "" if row.people is None else row.people
    run = [f"{row.at:%Y-%m-%d %H:%M %Z}", row.entry, row.state.label, people, passages]
    rest = [", ".join(row.passed_over), row.why or row.clock_change]
    lines: list[DeliveryLine | None] = [*row.deliveries] or [None]
    for line in lines:
        yield [*run, *_delivery(line), *rest]


def _delivery(line: DeliveryLine | None) -> list[Any]:
    if line is None:
        return [""] * 7
    warnings = "; ".join(line.warnings)
    return [line.label, line.targeted, line.to_deliver, line.dropped, line.reasons, line.already, warnings]
