"""The delivery log as CSV, streamed: a spreadsheet may open it without running anything it contains."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, TextIO

from common.csv_lines import csv_lines, write_csv
from deliveries.models import Broadlog, Delivery, MessageStatus
from recipients.vocabulary import FailureReason, FailureType

COLUMNS = (
    "id",
    "recipient",
    "address",
    "status",
    "in_doubt",
    "failure_type",
    "failure_reason",
    "failure_detail",
    "attempts",
    "workflow_run",
    "content_version",
    "updated_at",
)
_BATCH = 2000


def export_broadlogs(delivery: Delivery, output: TextIO) -> int:
    """Write one line per broadlog, in the order of the log; return how many. Memory does not grow with the log."""
    return write_csv(output, chain([COLUMNS], _rows(delivery))) - 1


def broadlog_lines(delivery: Delivery) -> Iterator[str]:
    """The same CSV line by line, for an answer that is streamed."""
    return csv_lines(chain([COLUMNS], _rows(delivery)))


def export_broadlogs_as_json(delivery: Delivery, output: TextIO) -> int:
    """Write one JSON list of the same rows, streamed as well; return how many."""
    count = 0
    output.write("[")
    for values in _rows(delivery):
        document = dict(zip(COLUMNS, values, strict=True))
        output.write(("," if count else "") + "\n" + json.dumps(document, ensure_ascii=False))
        count += 1
    output.write("\n]\n")
    return count


def _rows(delivery: Delivery) -> Iterator[tuple[Any, ...]]:
    rows = Broadlog.objects.filter(delivery=delivery).select_related("preparation").order_by("pk")
    for row in rows.iterator(chunk_size=_BATCH):
        yield (
            row.pk,
            row.recipient_id,
            row.address,
            MessageStatus(row.status).slug,
            row.in_doubt_since is not None,
            None if row.failure_type is None else FailureType(row.failure_type).slug,
            None if row.failure_reason is None else FailureReason(row.failure_reason).slug,
            row.failure_detail,
            row.attempts,
            row.preparation.workflow_run_id,
            row.preparation.content_version_id,
            row.updated_at.isoformat(),
        )
