"""One supervisor per VAR_DIR: two demos would share a database, a queue and a port."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Refused


class AlreadyRunning(Refused):
    """Another supervisor holds this installation."""

    code = "already_running"


@contextmanager
def installation_lock() -> Iterator[None]:
    """Held for the life of a supervisor; the kernel releases it even after kill -9."""
    path = Path(settings.VAR_DIR) / "run.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            sentence = _(
                "Diffusion already runs here (process %(pid)s, folder %(folder)s). "
                "Stop it first, or set VAR_DIR and PORT to start a second installation."
            )
            raise AlreadyRunning(sentence % {"pid": file.read().strip() or "?", "folder": path.parent}) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def require_free_port(port: int) -> None:
    """Refuse to start when somebody else listens on the web port."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sentence = _("Port %(port)d is taken. Free it, or choose another with PORT=8001.")
            raise AlreadyRunning(sentence % {"port": port}) from None
