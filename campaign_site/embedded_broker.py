"""The embedded broker: kombu's filesystem transport in `var/`, for one machine and no server."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def transport_options(folder: Path) -> dict[str, Any]:
    messages, control = folder / "messages", folder / "control"
    for path in (messages, control):
        path.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "store_processed": False,
        "polling_interval": 0.2,
    }
