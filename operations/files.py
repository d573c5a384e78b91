"""The files that workflows read and write: `VAR_DIR/files/in` and `VAR_DIR/files/out`, nothing else.

Names are those of files in these folders: no path, nothing hidden, nothing that leads elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, TextIO

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid

NAME = re.compile(r"[\w][\w .()+,@=-]{0,199}")
PATTERN = re.compile(r"[\w*?\[\]][\w .()+,@=*?!\[\]-]{0,199}")
# Of a name; file systems take a few more.
MAXIMUM_BYTES = 240
MAXIMUM_UPLOAD = 500_000_000
# A list shows no more files of a folder, the newest ones.
MAXIMUM_SHOWN = 500


class InvalidFileName(Invalid):
    """The name is not one of a file in the folder."""

    code = "invalid_file_name"


class FileTooLarge(Invalid):
    """More bytes than `MAXIMUM_UPLOAD`."""

    code = "file_too_large"


class FileExists(Conflict):
    """The folder has a file of that name."""

    code = "file_exists"


@dataclass(frozen=True)
class StoredFile:
    """`size` in bytes."""

    name: str
    size: int
    modified_at: datetime


def inbox() -> Path:
    return _folder("in")


def outbox() -> Path:
    return _folder("out")


def archive() -> Path:
    """Where files go that were loaded."""
    return _folder("archive")


def check_name(name: str) -> str:
    """The name, if it is that of a file; raises InvalidFileName."""
    return _checked(name, NAME)


def check_pattern(name: str) -> str:
    """The same for a name that may hold `*`, `?` and `[…]`."""
    return _checked(name, PATTERN)


def matching(pattern: str) -> list[Path]:
    """The files of the inbox that the pattern names, in the order of their names."""
    check_pattern(pattern)
    found = [path for path in inbox().iterdir() if fnmatchcase(path.name, pattern) and NAME.fullmatch(path.name)]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def stored(folder: Path) -> list[StoredFile]:
    """The newest files of a folder, at most `MAXIMUM_SHOWN`; unfinished ones are not there yet."""
    found = []
    for entry in os.scandir(folder):
        if NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            facts = entry.stat(follow_symlinks=False)
            found.append(StoredFile(entry.name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC)))
    return sorted(found, key=lambda file: (file.modified_at, file.name), reverse=True)[:MAXIMUM_SHOWN]


def opened(folder: Path, name: str) -> BinaryIO:
    """The file, to be read. Raises InvalidFileName, FileNotFoundError."""
    path = folder / check_name(name)
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(name)
    return path.open("rb")


def receive(name: str, chunks: Iterable[bytes], *, replace: bool = False) -> int:
    """Put a file into the inbox, complete or not at all; return its size. Raises InvalidFileName, FileTooLarge, and
    FileExists unless one of that name is to be replaced."""
    target = inbox() / check_name(name)
    unfinished = target.with_name(f".{token_hex(8)}")
    size = 0
    try:
        with unfinished.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > MAXIMUM_UPLOAD:
                    message = _("A file has at most %(maximum)d MB.")
                    raise FileTooLarge(message % {"maximum": MAXIMUM_UPLOAD // 1_000_000})
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if target.exists() and not replace:
            message = _("The folder files/in has a file “%(name)s” already.")
            raise FileExists(message % {"name": name})
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return size


@contextmanager
def written(name: str) -> Iterator[TextIO]:
    """A file of the outbox, under its name once it is complete; one of that name is replaced."""
    target = outbox() / check_name(name)
    unfinished = target.with_name(f".{token_hex(8)}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _checked(name: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(name) or name.endswith((" ", ".")) or len(name.encode()) > MAXIMUM_BYTES:
        raise InvalidFileName(_("“%(name)s” can't be the name of a file.") % {"name": name[:100]})
    return name


def _folder(name: str) -> Path:
    folder = Path(settings.VAR_DIR) / "files" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
