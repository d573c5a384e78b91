"""A thread that keeps a process's row fresh as long as the process lives."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from django.db import Error, connection
from django.utils import timezone

from installation.models import Process
from installation.processes import HEARTBEAT_EVERY, beat, register_process, withdraw

logger = logging.getLogger("diffusion.heartbeat")


class Heartbeat:
    """Context manager, or start() and stop(): registers the process, renews its heartbeat, withdraws it at the end."""

    def __init__(self, kind: str, name: str = "default") -> None:
        self.kind, self.name = kind, name
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{kind}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def __enter__(self) -> Heartbeat:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        process: Process | None = None
        while True:
            process = self._beat(process)
            if self._ended.wait(HEARTBEAT_EVERY.total_seconds()):
                break
        self._withdraw(process)

    def _beat(self, process: Process | None) -> Process | None:
        # A database that is away must not end the thread: the process itself goes on and waits for it too.
        try:
            if process is None:
                return register_process(kind=self.kind, name=self.name, now=timezone.now())
            beat(process, now=timezone.now(), progressed_at=timezone.now())
        except Error as error:
            logger.warning("no heartbeat: %s", error)
        finally:
            connection.close()
        return process

    def _withdraw(self, process: Process | None) -> None:
        try:
            if process is not None:
                withdraw(process)
        except Error as error:
            logger.warning("the process could not be withdrawn: %s", error)
        finally:
            connection.close()
