"""The web process: gunicorn with threads, one heartbeat per worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from gunicorn.app.base import BaseApplication

from campaign_site.processes.heartbeat import Heartbeat


class Web(BaseApplication):  # type: ignore[misc]
    def __init__(self, *, host: str, workers: int, threads: int) -> None:
        self.choices = {
            "bind": f"{host}:{settings.PORT}",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "loglevel": "warning",
            "graceful_timeout": 10,
            "timeout": 60,
            "post_worker_init": _announce,
            "worker_exit": _withdraw,
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.choices.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from campaign_site.wsgi import application

        return application


def _announce(worker: Any) -> None:
    worker.heartbeat = Heartbeat("web")
    worker.heartbeat.start()


def _withdraw(server: Any, worker: Any) -> None:
    heartbeat = getattr(worker, "heartbeat", None)
    if heartbeat is not None:
        heartbeat.stop()
