"""Mails that could not be read, kept as files for a person to look at: VAR_DIR/inbound/set-aside/<key>.eml."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def folder() -> Path:
    return Path(settings.VAR_DIR) / "inbound" / "set-aside"


def keep_aside(key: str, raw: bytes) -> Path:
    """Write the mail; it is complete under its name or not there at all. The same mail again changes nothing."""
    folder().mkdir(parents=True, exist_ok=True)
    path = path_of(key)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path


def path_of(key: str) -> Path:
    """Keys are hexadecimal or a provider's: the latter never name a file outside the folder."""
    return folder() / f"{''.join(letter if letter.isalnum() else '_' for letter in key)}.eml"
