"""Taking the pictures in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from campaign_site.pictures.pages import NARROW, Picture
from common.errors import Refused

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HEIGHT = 900
NARROW_HEIGHT = 844
# Fonts, charts and figures that come a moment after the page.
SETTLING_MILLISECONDS = 700
# A machine that does other things besides.
PATIENCE_MILLISECONDS = 90_000


class NoBrowser(Refused):
    """Playwright or Chromium is not installed."""

    code = "no_browser"


def find_browser() -> str:
    """The path of the system's Chromium. Raises NoBrowser with the way to get what is missing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        message = "The pictures need Playwright: .venv/bin/pip install --require-hashes -r requirements-dev.txt"
        raise NoBrowser(message) from None
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NoBrowser("The pictures need Chromium. On Debian or Ubuntu: apt install chromium")
    return found


def take(
    pictures: Iterable[Picture],
    *,
    address: str,
    paths: Mapping[str, str],
    login: tuple[str, str],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Write a PNG of each picture into the folder; `paths` are the scene's. Raises NoBrowser."""
    path = find_browser()
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for picture in pictures:
            page = _log_in(browser, picture, address, login)
            page.goto(address + paths[picture.address])
            picture.pose(page)
            page.wait_for_timeout(SETTLING_MILLISECONDS)
            page.screenshot(path=folder / picture.file_name)
            page.context.close()
            say(picture.file_name)
        browser.close()


def _log_in(browser: Any, picture: Picture, address: str, login: tuple[str, str]) -> Any:
    height = NARROW_HEIGHT if picture.width == NARROW else HEIGHT
    context = browser.new_context(
        viewport={"width": picture.width, "height": height},
        # Dates as the British write them, like the words.
        locale="en-GB" if picture.language == "en" else picture.language,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    page.goto(f"{address}/admin/login/?next=/admin/")
    page.fill("#id_username", login[0])
    page.fill("#id_password", login[1])
    page.keyboard.press("Enter")
    page.wait_for_selector("#user-tools", state="attached")
    return page
