"""The periodic tasks that must exist whatever the workflows say; beat's table is brought in step with them."""

from __future__ import annotations

from typing import TypedDict


class Sweep(TypedDict):
    """A task called every so many seconds; a call that waited longer than `expires` seconds is dropped."""

    task: str
    every: int
    expires: int


# Rows say what is due; a sweep only looks. A missed, late or doubled one changes nothing but the delay.
PERIODIC: dict[str, Sweep] = {
    "sweep: everything that is due": {"task": "operations.sweep", "every": 2, "expires": 10},
    "sweep: figures": {"task": "operations.sweep_slowly", "every": 60, "expires": 60},
    "sweep: rehearsals": {"task": "operations.rehearse", "every": 60, "expires": 60},
    "sweep: schedules": {"task": "operations.tick", "every": 30, "expires": 60},
    "sweep: inbound mails": {"task": "deliveries.read_inbound", "every": 60, "expires": 60},
    "sweep: quarantine": {"task": "deliveries.release_quarantine", "every": 3600, "expires": 600},
    # Hourly, a minute each: what is too old is deleted a little at a time.
    "purge": {"task": "installation.purge", "every": 3600, "expires": 600},
}
