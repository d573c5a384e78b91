"""The journal of one sender process: what it was about to send, and what became of it.

An append-only file, locked by its writer for life. What is written survives `kill -9`; an intent is written before the
dot leaves, an outcome with the next intent or at the event loop's next turn, whichever comes first:

    C <part> <token> <attempt>                                              a part was claimed
    I <part> <token> <broadlog> <attempts> <session>                        the final dot is about to leave
    O <part> <token> <broadlog> <fate> <attempts> <type> <reason> <detail>  what became of the message

separated by tabs; the detail is a JSON string. An intent without an outcome is a message in doubt.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings

from deliveries.mta.fates import Fate, Outcome, in_doubt

SUFFIX, DONE_SUFFIX = ".journal", ".done"


def journal_folder() -> Path:
    folder = Path(settings.VAR_DIR) / "journal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True, slots=True)
class PartKey:
    """One claim of one part. `prefix` is how its lines name it."""

    part_id: int
    token: UUID
    prefix: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", f"{self.part_id}\t{self.token.hex}\t".encode())


class Journal:
    """The writer. Raises OSError when the disk refuses: then nothing may be sent."""

    def __init__(self, folder: Path, uid: str | None = None) -> None:
        self.uid = uid or secrets.token_hex(8)
        self.path = folder / f"{self.uid}{SUFFIX}"
        # Locked before it bears the name under which a recovery looks for it.
        draft = self.path.with_suffix(".new")
        self._file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.rename(self.path)
        self.size = 0
        self._unwritten: list[bytes] = []

    def claim(self, key: PartKey, attempt: int) -> None:
        self._write(b"C\t%b%d\n" % (key.prefix, attempt))

    def intend(self, key: PartKey, broadlog_id: int, attempts: int, session: int) -> None:
        self._write(b"I\t%b%d\t%d\t%d\n" % (key.prefix, broadlog_id, attempts, session))

    def record(self, key: PartKey, outcome: Outcome) -> None:
        """Kept until the next line that is written, or `flush`."""
        if outcome.fate is Fate.SENT:
            line = b"O\t%b%d\tsent\t%d\t\t\t\n" % (key.prefix, outcome.broadlog_id, outcome.attempts)
        else:
            line = b"O\t%b%b\n" % (key.prefix, _encode(outcome).encode())
        self._unwritten.append(line)

    def flush(self) -> None:
        """Write the outcomes that are kept. While the disk refuses they stay, and the next write takes them along."""
        if self._unwritten:
            self._write(b"")

    def probe(self) -> None:
        """Write a line that says nothing: raises OSError while the disk refuses."""
        self._write(b"#\n")

    def sync(self) -> None:
        """Bounds what a crash of the machine (not of the process) can lose."""
        # What the disk does not take now goes to the database all the same.
        with suppress(OSError):
            self.flush()
        os.fdatasync(self._file)

    def empty(self) -> None:
        """Forget everything; only while no part is held."""
        self._unwritten.clear()
        os.ftruncate(self._file, 0)
        self.size = 0

    def close(self, *, settled: bool) -> None:
        """Give the file back: to nobody when all it says is in the database, else to the next recovery."""
        if not settled:
            with suppress(OSError):
                self.flush()
        else:
            self.path.rename(self.path.with_suffix(DONE_SUFFIX))
        os.close(self._file)

    def _write(self, line: bytes) -> None:
        data = b"".join((*self._unwritten, line)) if self._unwritten else line
        written = os.write(self._file, data)
        if written != len(data):
            # A full disk: half a line would swallow the beginning of the next one.
            os.ftruncate(self._file, self.size)
            raise OSError(f"{self.path}: the disk took half a line.")
        self._unwritten.clear()
        self.size += written


@dataclass
class ClaimRecord:
    """What a journal says of one claim: the last word on each message."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    intents: dict[int, int] = field(default_factory=dict)

    def settled(self) -> list[Outcome]:
        """Every message that the journal names, with what is known of it: without a reply, it is in doubt."""
        doubtful = [in_doubt(number, attempts) for number, attempts in self.intents.items()]
        return [*self.outcomes.values(), *doubtful]

    def read_intent(self, fields: list[str]) -> None:
        number = int(fields[0])
        self.intents[number] = int(fields[1])
        self.outcomes.pop(number, None)

    def read_outcome(self, fields: list[str]) -> None:
        outcome = _decode(fields)
        self.outcomes[outcome.broadlog_id] = outcome
        self.intents.pop(outcome.broadlog_id, None)


def read_journal(data: bytes) -> dict[PartKey, ClaimRecord]:
    """What a journal says, claim by claim. A last line that was cut is as if never written."""
    claims: dict[PartKey, ClaimRecord] = {}
    complete = data[: data.rfind(b"\n") + 1]
    for line in complete.split(b"\n"):
        _read_line(line.decode(errors="replace").split("\t"), claims)
    return claims


def _read_line(fields: list[str], claims: dict[PartKey, ClaimRecord]) -> None:
    # A crash of the machine may leave a block of zeros: what is no line of ours says nothing.
    if len(fields) < 4 or fields[0] not in {"C", "I", "O"}:
        return
    try:
        record = claims.setdefault(PartKey(int(fields[1]), UUID(hex=fields[2])), ClaimRecord())
        if fields[0] == "I":
            record.read_intent(fields[3:])
        elif fields[0] == "O":
            record.read_outcome(fields[3:])
    except (ValueError, IndexError):
        return


@contextmanager
def abandoned(path: Path) -> Iterator[bytes | None]:
    """The content of a journal whose writer is gone, held so that nobody else settles it; None while it lives."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        # Somebody may have settled and renamed it between the opening and the lock.
        yield file.read() if path.exists() else None


def _encode(outcome: Outcome) -> str:
    kind = "" if outcome.failure_type is None else int(outcome.failure_type)
    reason = "" if outcome.failure_reason is None else int(outcome.failure_reason)
    detail = json.dumps(outcome.detail) if outcome.detail else ""
    return f"{outcome.broadlog_id}\t{outcome.fate.value}\t{outcome.attempts}\t{kind}\t{reason}\t{detail}"


def _decode(fields: list[str]) -> Outcome:
    number, fate, attempts, kind, reason, detail = fields
    return Outcome(
        int(number),
        Fate(fate),
        int(attempts),
        int(kind) if kind else None,
        int(reason) if reason else None,
        json.loads(detail) if detail else "",
    )
