"""The Maildir into which the listener puts mails, and from which they are read like any other."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from common.failpoints import failpoint
from deliveries.inbound.sources.address import SourceAddress
from deliveries.inbound.sources.base import mail_sources
from deliveries.inbound.sources.maildir import FOLDERS, MaildirSource

# Nobody writes one mail for so long: its writer was killed, and its sender was not told that it was kept.
SECONDS_UNFINISHED = 36 * 3600
BEFORE_KEPT = failpoint("before_kept")


def folder_of(address: SourceAddress) -> Path:
    return Path(settings.VAR_DIR) / "inbound" / "spool" / f"{address.scheme}-{address.port}"


def make_folder(address: SourceAddress) -> Path:
    root = folder_of(address)
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    return root


def keep(root: Path, raw: bytes) -> str:
    """Write one mail; when this returns it outlives a loss of power. Its name there."""
    name = f"{time.time_ns()}.{os.getpid()}.{secrets.token_hex(4)}"
    unfinished = root / "tmp" / name
    with unfinished.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    if BEFORE_KEPT:
        BEFORE_KEPT()
    unfinished.rename(root / "new" / name)
    folder = os.open(root / "new", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return name


def sweep(root: Path) -> None:
    """Delete what a listener that was killed left half written."""
    for entry in os.scandir(root / "tmp"):
        if entry.stat().st_mtime < time.time() - SECONDS_UNFINISHED:
            Path(entry.path).unlink(missing_ok=True)


@mail_sources.register("listener")
def spooled(address: SourceAddress) -> MaildirSource:
    return MaildirSource(replace(address, folder=str(make_folder(address))))
