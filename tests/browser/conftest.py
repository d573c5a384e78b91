"""A real browser on a live server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.services import chromium_path

# Twentieths of a second.
PATIENCE = 100
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser shares the machine with the other tests and may be late: two more tries, which the summary names."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=2))


# Not for the whole session: Playwright keeps an event loop running in this thread, where other tests start their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread; the ORM's calls here are the tests' own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started: Any = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def quiet(transactional_db: None, browser: Browser) -> Iterator[None]:
    """Pages are closed, and what they still asked for is answered, before the tables are emptied."""
    before = set(threading.enumerate())
    yield
    for context in browser.contexts:
        context.close()
    for _ in range(PATIENCE):
        if not [thread for thread in set(threading.enumerate()) - before if "process_request" in thread.name]:
            return
        time.sleep(0.05)
