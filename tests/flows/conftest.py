"""A sender in the test's own thread, for the flows that speak SMTP without other processes."""

from __future__ import annotations

from tests.deliveries.mta.conftest import folder, in_loop

__all__ = ["folder", "in_loop"]
