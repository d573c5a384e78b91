"""The Celery processes, worker and beat, each with its heartbeat."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import beat_init, worker_ready

from campaign_site.celery import app
from campaign_site.processes.heartbeat import Heartbeat


def run_worker(*, concurrency: int) -> None:
    """Blocks until the worker ends. Threads: the work is the database's, and one process stays small."""
    # It says once more what a container always is: its only user.
    warnings.simplefilter("ignore", SecurityWarning)
    options = ["--pool=threads", f"--concurrency={concurrency}", "--loglevel=WARNING", "--without-mingle"]
    # Two workers of one machine need two names: RabbitMQ gives the queue of a name to one of them only.
    options.append(f"--hostname=worker-{os.getpid()}@%h")
    with _announced_by(worker_ready, "worker"):
        app.worker_main(["--quiet", "worker", *options])


def run_beat() -> None:
    """Blocks until beat ends. Two beats do no harm: a tick only wakes."""
    with _announced_by(beat_init, "beat"):
        app.Beat(loglevel="WARNING", quiet=True).run()


@contextmanager
def _announced_by(started: Any, kind: str) -> Iterator[None]:
    heartbeat = Heartbeat(kind)

    def announce(**_: Any) -> None:
        heartbeat.start()

    started.connect(announce, weak=False)
    try:
        yield
    finally:
        started.disconnect(announce)
        heartbeat.stop()
