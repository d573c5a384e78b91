"""What drives everything: each app registers pickers, each picker does the work that rows say is due.

Beat's sweeps, `workflow run-now --wait` and tests call them; any number of processes may, at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from common.registry import Registry

# (now) -> how many things it did; claims its rows, so that two pickers never do one thing twice.
Picker = Callable[[datetime], int]
pickers: Registry[Picker] = Registry("pickers")
# Figures that nobody waits for: looked at once a minute, apart from what moves the messages.
slow_pickers: Registry[Picker] = Registry("slow pickers")


def pump_once(now: datetime) -> int:
    """Call every picker once, upstream first; return how much was done.

    One that fails does not keep the others from their work: its error is raised at the end.
    """
    return _pump(pickers, now)


def pump_slowly(now: datetime) -> int:
    """The same for the slow ones."""
    return _pump(slow_pickers, now)


def _pump(registry: Registry[Picker], now: datetime) -> int:
    done, errors = 0, []
    for code, picker in registry.items():
        try:
            done += picker(now)
        except Exception as error:
            error.add_note(f"picker: {code}")
            errors.append(error)
    if errors:
        raise ExceptionGroup("pickers failed", errors)
    return done
