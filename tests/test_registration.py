"""What registers itself is registered in every process: a command, a worker, a sender, not only the web's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

APPS = ("installation", "recipients", "operations", "deliveries", "tracking")
REGISTERS = re.compile(r"^(@\w+\.register\(|\w+\.(add|register)\()", re.MULTILINE)
# Registered with the pages, the tags and the addresses that alone need it.
OF_THE_WEB = re.compile(r"\.(admin|api|templatetags)\b|\.urls$")
LOADED = "import django, json, sys; django.setup(); json.dump(sorted(sys.modules), sys.stdout)"


def test_whatever_registers_itself_is_there_once_django_is_set_up() -> None:
    run = [sys.executable, "-c", LOADED]
    done = subprocess.run(run, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=True)

    missing = _modules_that_register() - set(json.loads(done.stdout))

    assert "tracking.criteria" in _modules_that_register()
    assert missing == set()


def _modules_that_register() -> set[str]:
    root = Path(settings.BASE_DIR)
    files = (path for app in APPS for path in (root / app).rglob("*.py"))
    names = {_name(path.relative_to(root)) for path in files if REGISTERS.search(path.read_text())}
    return {name for name in names if not OF_THE_WEB.search(name)}


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")
