from __future__ import annotations

import csv
from io import StringIO

import pytest

from common.csv_lines import csv_lines, safe_cell, write_csv


@pytest.mark.parametrize("value", ["=1+1", "+33 1", "-2", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_becomes_text(value: str) -> None:
    assert safe_cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "a=1", "Zoé", 3, -2, None])
def test_every_other_value_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) == value


def test_lines_come_one_by_one_headings_too() -> None:
    rows: list[list[str | None]] = [["=head", "b"], ["a; b", None]]

    lines = csv_lines(iter(rows), delimiter=";")

    assert next(lines) == "'=head;b\r\n"
    assert next(lines) == '"a; b";\r\n'


def test_what_is_written_can_be_read_and_is_counted() -> None:
    file = StringIO(newline="")

    assert write_csv(file, [["a", 'say "hi"'], ["two\nlines", "-1"]]) == 2
    assert list(csv.reader(StringIO(file.getvalue(), newline=""))) == [["a", 'say "hi"'], ["two\nlines", "'-1"]]
