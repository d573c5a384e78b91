"""The whole import: check the file, then batch after batch, each in its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import transaction

from recipients.imports.mapping import BadRow, BoundMapping, bind
from recipients.imports.source import Row, open_source
from recipients.imports.upsert import Record, upsert

BATCH = 1000
# What the report keeps; every error is told to `on_error`, and all are counted.
KEPT_ERRORS = 1000


@dataclass
class ImportReport:
    """Exact counts over all records of the file; `created + updated + unchanged + rejected` is their number."""

    dry_run: bool
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Listener:
    """Whom an import tells how far it is (records done, of), what it rejects (line, reason), and whom a batch named."""

    on_progress: Callable[[int, int], None] = lambda done, total: None
    on_error: Callable[[int, str], None] = lambda line, reason: None
    on_people: Callable[[list[int]], None] = lambda numbers: None


def import_file(
    path: Path, *, mapping: Mapping[str, str], key: str, dry_run: bool = False, listener: Listener | None = None
) -> ImportReport:
    """Create or update people from the file; a dry run counts the same and writes nothing.

    Raises UnusableFile or InvalidMapping before anything is written; records that can't be used are rejected singly.
    """
    source = open_source(path)
    bound = bind(mapping, key=key, source=source)
    importer = _Import(bound, ImportReport(dry_run), listener or Listener(), source.count)
    if not dry_run:
        importer.run(source.rows())
        return importer.report
    # One transaction: later records see what earlier ones would have created.
    with transaction.atomic():
        importer.run(source.rows())
        transaction.set_rollback(True)
    return importer.report


class _Import:
    def __init__(self, mapping: BoundMapping, report: ImportReport, listener: Listener, total: int) -> None:
        self.mapping = mapping
        self.report = report
        self.listener = listener
        self.total = total

    def run(self, rows: Iterator[Row]) -> None:
        done = 0
        while batch := list(islice(rows, BATCH)):
            self._count(batch)
            done += len(batch)
            self.listener.on_progress(done, self.total)

    def _count(self, batch: list[Row]) -> None:
        records = [record for row in batch if (record := self._record(row)) is not None]
        outcome = upsert(records, key=self.mapping.key)
        self.report.created += outcome.created
        self.report.updated += outcome.updated
        self.report.unchanged += outcome.unchanged
        for line, reason in outcome.rejected:
            self._reject(line, reason)
        self.listener.on_people(outcome.people)

    def _record(self, row: Row) -> Record | None:
        try:
            return row.line, self.mapping.read(row)
        except BadRow as error:
            self._reject(row.line, str(error))
            return None

    def _reject(self, line: int, reason: str) -> None:
        self.report.rejected += 1
        if len(self.report.errors) < KEPT_ERRORS:
            self.report.errors.append((line, reason))
        self.listener.on_error(line, reason)
