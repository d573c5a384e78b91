"""A Django app for scratch installations: a message to POISONED_ADDRESS kills the process that makes it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from deliveries.channels.base import Message, OutgoingRow


class Poisoned(AppConfig):
    name = "tests.faults.poisoned"

    def ready(self) -> None:
        from deliveries.channels.email.mime import EmailRenderer

        render, poison = EmailRenderer.render, os.environ["POISONED_ADDRESS"]

        def render_or_die(renderer: EmailRenderer, row: OutgoingRow) -> Message:
            if row.address == poison:
                os.kill(os.getpid(), signal.SIGSEGV)
            return render(renderer, row)

        EmailRenderer.render = render_or_die  # type: ignore[method-assign, assignment]
