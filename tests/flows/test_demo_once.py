"""`demo --once` as a newcomer runs it: a folder of its own, every process, and an account that adds up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django import Settings

from campaign_site.processes.lock import installation_lock
from tests.smtp_server import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
Demo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL", "SMTP_URL")}
    environment = {
        **kept,
        "DJANGO_SETTINGS_MODULE": "campaign_site.settings",
        "VAR_DIR": str(tmp_path),
        "PORT": str(free_port()),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, manage, "demo", "--once", "--recipients", "500", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)

    return run


def test_one_morning_from_the_instant_to_the_report_adds_up(demo: Demo) -> None:
    done = demo("--json")

    assert done.returncode == 0, done.stderr[-3000:]
    document = json.loads(done.stdout)
    assert document["faults"] == []
    check_counts(document["counts"], document["in_sink"])
    check_ledger(document["ledger"], document["delivery"], document["counts"])


def check_counts(counts: dict[str, int], in_sink: int) -> None:
    assert counts["sent"] == in_sink > 0
    assert counts["ignored"] > 0
    assert counts["pending"] == counts["in_doubt"] == 0
    assert counts["targeted"] == counts["ignored"] + counts["to_deliver"]
    assert counts["to_deliver"] == counts["sent"] + counts["failed"]
    assert min(counts["opened"], counts["clicked"]) > 0
    assert counts["unsubscribed"] == 1


def check_ledger(ledger: dict[str, Any], delivery: int, counts: dict[str, int]) -> None:
    assert ledger["ok"] is True
    (line,) = ledger["lines"]
    assert (line["delivery"], line["difference"]) == (delivery, 0)
    assert (line["targeted"], line["sent"], line["ignored"]) == (counts["targeted"], counts["sent"], counts["ignored"])


def test_a_second_demo_in_the_same_folder_is_refused_in_one_line(
    demo: Demo, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    with installation_lock():
        refused = demo()

    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.strip().splitlines()
    assert f"already runs here (process {os.getpid()}, folder {tmp_path})" in line
    assert not (tmp_path / "diffusion.sqlite3").exists()
