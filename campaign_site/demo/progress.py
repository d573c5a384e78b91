"""A progress bar with an estimate: redrawn on a terminal, a line per tenth elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from django.utils.translation import gettext as _

WIDTH = 30


class Progress:
    def __init__(self, label: str, total: int, output: TextIO) -> None:
        self.label, self.total, self.output = label, max(total, 1), output
        self.started = time.monotonic()
        self.shown = -1

    def show(self, done: int) -> None:
        """Tell how far it is; cheap enough to be called for every batch."""
        step = 100 if self.output.isatty() else 10
        reached = done * step // self.total
        if reached == self.shown:
            return
        self.shown = reached
        line = f"{self.label:<28} {self._bar(done)} {done:>9,}/{self.total:,} {self._estimate(done)}"
        end = "\n" if done >= self.total or not self.output.isatty() else "\r"
        self.output.write(line.ljust(100) + end if end == "\r" else line.rstrip() + end)
        self.output.flush()

    def _bar(self, done: int) -> str:
        filled = min(WIDTH, done * WIDTH // self.total)
        return "█" * filled + "░" * (WIDTH - filled)

    def _estimate(self, done: int) -> str:
        elapsed = time.monotonic() - self.started
        if done >= self.total:
            return _("in %(seconds).0f s") % {"seconds": elapsed}
        if not done or elapsed < 1:
            return ""
        return _("about %(seconds).0f s left") % {"seconds": elapsed / done * (self.total - done)}
