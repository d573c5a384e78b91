"""The embedded broker: kombu's filesystem transport in `var/`, for one machine and no server.

Kombu writes a message where it is read, and takes it by way of the machine's temporary folder, so that under load a
reader finds half a message. Here a message appears and disappears whole, by renaming, and the tables of exchanges are
read and written one process at a time.
"""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


def transport_options(folder: Path) -> dict[str, Any]:
    """Celery's options for `filesystem://`, whose transport is the one of this module from then on."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
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


class Channel(filesystem.Channel):
    """Messages are files `<milliseconds>_<uuid>.<queue>.msg`: the oldest is the first by name."""

    def _put(self, queue: str, message: Any, **options: Any) -> None:  # type: ignore[override]
        folder, number = Path(self.data_folder_out), uuid.uuid4()
        # No queue has this name: nobody takes what is still being written.
        draft = folder / f"{number}.draft"
        draft.write_bytes(str_to_bytes(dumps(message)))
        draft.rename(folder / f"{round(monotonic() * 1000)}_{number}.{queue}.msg")

    def _get(self, queue: str, timeout: Any = None) -> Any:
        folder, mine = Path(self.data_folder_in), f"{queue}.msg"
        for waiting in sorted(folder.iterdir()):
            if waiting.name.partition(".")[2] != mine:
                continue
            taken = folder / f"{waiting.name}.taken"
            try:
                waiting.rename(taken)
            except FileNotFoundError:
                # Another process was quicker.
                continue
            message = loads(bytes_to_str(taken.read_bytes()))
            taken.unlink()
            return message
        raise Empty

    def get_table(self, exchange: str) -> Any:
        with self._one_at_a_time():
            return super().get_table(exchange)

    def _queue_bind(self, *names: Any) -> None:
        with self._one_at_a_time():
            super()._queue_bind(*names)

    def _delete(self, *names: Any, **options: Any) -> None:
        with self._one_at_a_time():
            super()._delete(*names, **options)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        folder = Path(self.control_folder)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    Channel = Channel
