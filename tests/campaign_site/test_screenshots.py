"""The pictures of the documentation: each has its file, and what is missing is named before anything is filled."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from campaign_site.pictures.pages import PICTURES

DOCS = Path(settings.BASE_DIR) / "docs"
MOST_BYTES = 3_000_000


def test_every_picture_is_kept_and_nothing_else() -> None:
    kept = {path.name for path in (DOCS / "screenshots").iterdir()}

    assert kept == {picture.file_name for picture in PICTURES}
    assert sum(path.stat().st_size for path in (DOCS / "screenshots").iterdir()) <= MOST_BYTES


def test_every_picture_of_the_readme_exists() -> None:
    readme = DOCS.parent / "README.md"
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", readme.read_text())

    assert shown
    assert [path for path in shown if not (DOCS.parent / path).is_file()] == []


def test_without_playwright_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)

    with pytest.raises(CommandError, match=r"need Playwright: .*requirements-dev\.txt"):
        call_command("screenshots")


def test_without_chromium_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)

    with pytest.raises(CommandError, match=r"need Chromium.*apt install chromium"):
        call_command("screenshots")
