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


def pump_once(now: datetime) -> int:
    """Call every picker once, upstream first; return how much was done."""
    return sum(picker(now) for picker in pickers)
