"""CSV as this project writes it: a spreadsheet may open it without running anything it contains."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> Any:
    """The value as a spreadsheet shall see it: text, never a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def csv_lines(rows: Iterable[Sequence[Any]], *, delimiter: str = ",") -> Iterator[str]:
    """Line by line, for an answer that is streamed; the first row is the headings."""
    writer: Any = csv.writer(_Echo(), delimiter=delimiter)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def write_csv(file: TextIO, rows: Iterable[Sequence[Any]], *, delimiter: str = ",") -> int:
    """Write the rows into an open file (`newline=""`); return how many. They are not kept."""
    count = 0
    for count, line in enumerate(csv_lines(rows, delimiter=delimiter), start=1):  # noqa: B007
        file.write(line)
    return count


class _Echo:
    """A file that hands every line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line
