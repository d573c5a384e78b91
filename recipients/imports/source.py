"""The file: checked from its first byte to its last before anything is imported, then read row by row."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import Invalid

CHUNK = 1 << 20
MAX_LINE = 1_000_000
MAX_ROW = 2_000_000
MAX_COLUMNS = 1000
DELIMITERS = ",;\t|"
ENCODINGS = ("utf-8-sig", "cp1252")
SIGNATURES = {
    b"PK\x03\x04": gettext_noop("an Excel or zip file"),
    b"\xd0\xcf\x11\xe0": gettext_noop("an old Excel file"),
    b"%PDF": gettext_noop("a PDF file"),
    b"\x1f\x8b": gettext_noop("a compressed file"),
    b"\xff\xfe": gettext_noop("a UTF-16 text"),
    b"\xfe\xff": gettext_noop("a UTF-16 text"),
}


class UnusableFile(Invalid):
    """The file is no CSV file that can be imported; nothing was imported."""

    code = "unusable_file"


@dataclass(frozen=True)
class Row:
    """One record: the number of its first line in the file, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Source:
    """A file whose structure was found sound."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    count: int

    def rows(self) -> Iterator[Row]:
        records = _records(self.path, self.encoding, self.delimiter)
        next(records)
        return records


def open_source(path: Path) -> Source:
    """Read the file once, in bounded memory; raises UnusableFile, naming the line where there is one."""
    try:
        encoding = _detect_encoding(path)
        delimiter = _detect_delimiter(path, encoding)
        records = _records(path, encoding, delimiter)
        first = next(records, None)
        if first is None:
            raise UnusableFile(_("The file is empty."))
        header = _check_header(first.cells)
        return Source(path, encoding, delimiter, header, sum(1 for _row in records))
    except OSError as error:
        raise UnusableFile(_("The file can't be read: %(reason)s.") % {"reason": error.strerror or error}) from None


def _detect_encoding(path: Path) -> str:
    candidates = {name: codecs.getincrementaldecoder(name)("strict") for name in ENCODINGS}
    length = 0
    lines = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if lines == 1 and not length:
                _check_signature(chunk)
            if b"\x00" in chunk:
                raise UnusableFile(_("The file is not a text: it holds null bytes. Save it as CSV in UTF-8."))
            length, lines = _check_lines(chunk, length, lines)
            candidates = {name: decoder for name, decoder in candidates.items() if _decodes(decoder, chunk)}
    survivors = [name for name, decoder in candidates.items() if _decodes(decoder, b"", final=True)]
    if not survivors:
        raise UnusableFile(_("The file is written neither in UTF-8 nor in Windows-1252. Save it as CSV in UTF-8."))
    return survivors[0]


def _check_signature(chunk: bytes) -> None:
    for signature, name in SIGNATURES.items():
        if chunk.startswith(signature):
            raise UnusableFile(_("This is %(name)s, not a CSV file. Save it as CSV in UTF-8.") % {"name": _(name)})


def _check_lines(chunk: bytes, length: int, lines: int) -> tuple[int, int]:
    pieces = chunk.split(b"\n")
    for piece in pieces[:-1]:
        _check_length(length + len(piece), lines)
        length, lines = 0, lines + 1
    length += len(pieces[-1])
    _check_length(length, lines)
    return length, lines


def _check_length(length: int, line: int) -> None:
    if length > MAX_LINE:
        raise UnusableFile(_("Line %(line)d is longer than one megabyte.") % {"line": line})


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _detect_delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        line = file.readline(MAX_LINE)
    # What stands between quotes belongs to a name.
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="") as file:
        lines = _BoundedLines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        start = 1
        try:
            for cells in reader:
                if cells:
                    yield Row(start, cells)
                start = reader.line_num + 1
                lines.size = 0
        except csv.Error as error:
            message = _("Line %(line)d: %(reason)s. Is a quotation mark not closed?")
            raise UnusableFile(message % {"line": start, "reason": error}) from None


class _BoundedLines:
    """The lines of a file, as long as no record grows beyond all measure across them."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.size = 0

    def __iter__(self) -> _BoundedLines:
        return self

    def __next__(self) -> str:
        line: str = next(self.file)
        self.size += len(line)
        if self.size > MAX_ROW:
            raise csv.Error(_("a record is longer than two megabytes"))
        return line


def _check_header(names: list[str]) -> list[str]:
    header = [name.strip() for name in names]
    if len(header) > MAX_COLUMNS:
        raise UnusableFile(_("The file has more than %(count)d columns.") % {"count": MAX_COLUMNS})
    named = [name for name in header if name]
    doubles = sorted({name for name in named if named.count(name) > 1})
    if doubles:
        raise UnusableFile(_("Several columns have the name %(name)s.") % {"name": doubles[0][:100]})
    return header
