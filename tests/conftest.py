"""What every test may use. Services that a test needs are named by its marker (see `tests/services.py`)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.services import require

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def now() -> datetime:
    """A fixed instant: Monday 6 October 2025, 06:00 in Paris."""
    return datetime(2025, 10, 6, 4, 0, tzinfo=UTC)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers():
        require(marker.name)
