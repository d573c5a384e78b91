"""What the sink received: one row per mail for ever, the newest bodies beside it in compressed segment files."""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from pathlib import Path

from campaign_site.sqlite.keeper import keep_open

BODIES_KEPT = 20_000
BODIES_PER_SEGMENT = 1_000
FLUSH_AT = 500
SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received_at REAL NOT NULL, message_id TEXT NOT NULL, sender TEXT NOT NULL,
    recipient TEXT NOT NULL, subject TEXT NOT NULL, size INTEGER NOT NULL,
    start INTEGER NOT NULL, length INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_message_id ON mail (message_id);
"""
COLUMNS = "id, received_at, message_id, sender, recipient, subject, size"
HEADER = rb"(?im)^%s:[ \t]*((?:[^\r\n]|\r?\n[ \t])*)"
MESSAGE_ID = re.compile(HEADER % b"message-id")
SUBJECT = re.compile(HEADER % b"subject")


@dataclass(frozen=True, slots=True)
class Mail:
    id: int
    received_at: datetime
    message_id: str
    sender: str
    recipient: str
    subject: str
    size: int


@dataclass(frozen=True, slots=True)
class _Arrival:
    row: tuple[float, str, str, str, str, int]
    body: bytes


class SinkStore:
    """One writer (the sink's process) and any number of readers share a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "mails.sqlite3"
        self._arrivals: list[_Arrival] = []

    def exists(self) -> bool:
        return self._file.exists()

    # Writing

    def prepare(self) -> None:
        """Make the folder and its database; mails received earlier stay."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._reading() as connection:
            connection.executescript(SCHEMA)

    def add(self, *, sender: str, recipients: list[str], content: bytes, now: datetime) -> None:
        """Keep a mail; it is on disk after the next `flush`, which comes by itself when many wait."""
        head = content.partition(b"\r\n\r\n")[0]
        row = (
            now.timestamp(),
            _header(MESSAGE_ID, head),
            sender,
            ", ".join(recipients),
            _header(SUBJECT, head),
            len(content),
        )
        self._arrivals.append(_Arrival(row, zlib.compress(content, 1)))
        if len(self._arrivals) >= FLUSH_AT:
            self.flush()

    def flush(self) -> int:
        """Write what has arrived: bodies first, then their rows in one transaction. Answers how many."""
        if not self._arrivals:
            return 0
        with self._writing() as connection:
            found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'mail'").fetchone()
            first = (found[0] if found else 0) + 1
            starts = self._append_bodies(first)
            connection.executemany(
                "INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (first + index, *arrival.row, start, len(arrival.body))
                    for index, (arrival, start) in enumerate(zip(self._arrivals, starts, strict=True))
                ),
            )
        count = len(self._arrivals)
        self._arrivals = []
        self._drop_old_segments(first + count - 1)
        return count

    def clear(self) -> None:
        """Forget every mail; the numbers go on from where they were."""
        if not self.exists():
            return
        with self._writing() as connection:
            connection.execute("DELETE FROM mail")
            for path in self.folder.glob("bodies-*"):
                path.unlink(missing_ok=True)

    # Reading

    def count(self) -> int:
        return self._number("SELECT COUNT(*) FROM mail")

    def distinct_message_ids(self) -> int:
        """How many different Message-IDs came: fewer than `count` means that somebody got a mail twice."""
        return self._number("SELECT COUNT(DISTINCT message_id) FROM mail")

    def page(self, *, after: int | None = None, limit: int = 50, search: str = "") -> list[Mail]:
        """The newest mails first, those older than the mail `after`, with `search` somewhere in their recipient."""
        if not self.exists():
            return []
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", search) + "%"
        query = (
            f"SELECT {COLUMNS} FROM mail WHERE id < ? AND (? = '' OR recipient LIKE ? ESCAPE '\\') "
            "ORDER BY id DESC LIMIT ?"
        )
        with self._reading() as connection:
            rows = connection.execute(query, (after or 2**62, search, pattern, limit)).fetchall()
        return [_mail(row) for row in rows]

    def get(self, mail_id: int) -> Mail | None:
        if not self.exists():
            return None
        with self._reading() as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM mail WHERE id = ?", (mail_id,)).fetchone()
        return _mail(row) if row else None

    def raw(self, mail_id: int) -> bytes | None:
        """The mail as it came; None when there is no such mail or its body is no longer kept."""
        if not self.exists():
            return None
        with self._reading() as connection:
            place = connection.execute("SELECT start, length FROM mail WHERE id = ?", (mail_id,)).fetchone()
        try:
            with self._segment(mail_id).open("rb") as segment:
                segment.seek(place[0] if place else 0)
                return zlib.decompress(segment.read(place[1])) if place else None
        except FileNotFoundError:
            return None

    # Files

    def _segment(self, mail_id: int) -> Path:
        return self.folder / f"bodies-{(mail_id - 1) // BODIES_PER_SEGMENT:08d}"

    def _append_bodies(self, first: int) -> list[int]:
        starts = []
        for mail_id, arrival in enumerate(self._arrivals, start=first):
            with self._segment(mail_id).open("ab") as segment:
                starts.append(segment.tell())
                segment.write(arrival.body)
        return starts

    def _drop_old_segments(self, last: int) -> None:
        oldest = self._segment(max(1, last - BODIES_KEPT + 1)).name
        for path in self.folder.glob("bodies-*"):
            if path.name < oldest:
                path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        # Autocommit mode, so that the transaction begins where we say: `clear` and `flush` never mix.
        keep_open(self._file)
        with closing(sqlite3.connect(self._file, timeout=20, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        keep_open(self._file)
        with closing(sqlite3.connect(self._file, timeout=20)) as connection:
            yield connection

    def _number(self, query: str) -> int:
        if not self.exists():
            return 0
        with self._reading() as connection:
            return int(connection.execute(query).fetchone()[0])


def _mail(row: tuple[int, float, str, str, str, str, int]) -> Mail:
    return Mail(row[0], datetime.fromtimestamp(row[1], UTC), *row[2:])


def _header(pattern: re.Pattern[bytes], head: bytes) -> str:
    found = pattern.search(head)
    if found is None:
        return ""
    value = " ".join(found.group(1).decode("utf-8", "replace").split())
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        return value
