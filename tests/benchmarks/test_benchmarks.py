"""Each benchmark runs, with figures too small to mean anything, and says so in one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from benchmarks.scratch import scratch_database
from tests.services import POSTGRESQL_URL

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_DATABASE_URL", POSTGRESQL_URL)


def verdict_of(folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    # Away from the settings of the tests: a benchmark has those of an installation.
    environment = {**os.environ, "VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "campaign_site.settings"}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "manage.py", "benchmark", name, *arguments]
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return verdict


def test_the_preparation_is_compared_with_the_raw_insert_and_its_queries_do_not_grow(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, "preparation", "--recipients", "2000", "--rounds", "1")

    assert (verdict["name"], verdict["target"]) == ("preparation", 0.75)
    assert verdict["ratio"] > 0
    assert verdict["queries_small"] == verdict["queries_large"]


@pytest.mark.smtp_sink
def test_the_sending_is_compared_with_smtp_source_and_its_peers(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, "sending", "--messages", "300", "--rounds", "1", "--peers", "20", "--without-npm")

    assert (verdict["name"], verdict["target"]) == ("sending", 0.75)
    assert verdict["ratio"] > 0
    assert verdict["of_post_office"] > 0
    assert verdict["of_mailer"] > 0
    assert verdict["of_small"] > 0
    assert 0 < verdict["megabytes_small"] < 500
    assert verdict["messages_per_second"] > 0


def test_every_page_is_asked_for_and_answers(tmp_path: Path) -> None:
    small = ["--recipients", "300", "--deliveries", "25", "--broadlogs", "2500", "--rounds", "1"]

    verdict = verdict_of(tmp_path, "pages", *small)

    assert (verdict["name"], verdict["target"]) == ("pages", 1.0)
    assert verdict["refused"] == []


def test_a_scratch_database_is_gone_afterwards() -> None:
    with scratch_database() as url, psycopg.connect(url) as connection:
        name = connection.info.dbname

    with psycopg.connect(POSTGRESQL_URL) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None


def test_an_unknown_benchmark_is_refused_by_name() -> None:
    with pytest.raises(CommandError, match="nonsense"):
        call_command("benchmark", "nonsense")
