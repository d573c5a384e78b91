"""Every icon that the source names is in the sprite."""

from __future__ import annotations

import re
from pathlib import Path

from tests.catalogue import APPS, ROOT

SPRITE = ROOT / "campaign_site/static/campaign_site/icons.svg"
# `{% icon "name" %}`, `{% empty … icon="name" %}`, `icon="name"` and `icon: ClassVar[str] = "name"`.
NAMED = re.compile(r"""\bicon(?:: [\w\[\]]+)? ?=? ?["']([a-z][a-z0-9-]+)["']""")
NOT_NAMES = {"name"}


def sources() -> list[Path]:
    folders = [ROOT / app for app in APPS] + [ROOT / "templates"]
    return [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".html")]


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'id="([a-z0-9-]+)"', SPRITE.read_text()))
    named = {(name, path.name) for path in sources() for name in NAMED.findall(path.read_text())}

    assert {(name, file) for name, file in named if name not in drawn and name not in NOT_NAMES} == set()
    assert len(named) > 50
