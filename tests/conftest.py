"""What every test may use. Services that a test needs are named by its marker (see `tests/services.py`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils.translation import override
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.services import require

PARIS = ZoneInfo("Europe/Paris")

# No example has a time to keep: the machine is shared. Under CI hypothesis has a profile of its own that says the same.
if "CI" not in os.environ:
    hypothesis_settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis_settings.load_profile("tests")


@pytest.fixture
def now() -> datetime:
    """A fixed instant: Monday 6 October 2025, 06:00 in Paris."""
    return datetime(2025, 10, 6, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A request leaves its language active: each test starts in that of the installation."""
    with override(settings.LANGUAGE_CODE):
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers():
        require(marker.name)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.workers import Groups

    return Groups(config, log)
