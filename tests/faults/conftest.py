"""Faults are injected one after the other: they share one worker, and a database that is migrated once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation, copy_of, scratch_postgresql
from tests.faults.witness import Witness, witness

# Settling need not wait for a log that is written before it is asked.
ENVIRONMENT = {"MTA_SETTLE_SECONDS": "0", "LOG_LEVEL": "INFO"}
# Two runs at once have a database each.
DATABASE = f"diffusion_faults_{os.getpid()}"
TEMPLATE = f"{DATABASE}_template"
# Some five of a hundred messages wait for a second before their content: about 15 a second and session.
SLOW = ("-W", "DATA:1:5")


def with_manners(*arguments: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sink", [pytest.param(arguments, id=" ".join(arguments))], indirect=True)


@pytest.fixture
def sink(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Witness]:
    """Its manners are smtp-sink's arguments, given by `with_manners`."""
    with witness(tmp_path, *getattr(request, "param", ())) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    # Nothing listens on port 9: nothing is sent from here.
    made = Installation(tmp_path_factory.mktemp("migrated"), database_url="", smtp_port=9)
    made.migrate()
    return made


@pytest.fixture
def on_sqlite(tmp_path: Path, migrated: Installation, sink: Witness) -> Installation:
    return copy_of(migrated, tmp_path / "var", smtp_port=sink.port, **ENVIRONMENT)


@pytest.fixture(scope="session")
def migrated_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database to make others from."""
    with scratch_postgresql(TEMPLATE) as url:
        Installation(tmp_path_factory.mktemp("template"), database_url=url, smtp_port=9).migrate()
        yield TEMPLATE


@pytest.fixture
def on_postgresql(tmp_path: Path, migrated_postgresql: str, sink: Witness) -> Iterator[Installation]:
    with scratch_postgresql(DATABASE, template=migrated_postgresql) as url:
        yield Installation(tmp_path / "var", database_url=url, smtp_port=sink.port, **ENVIRONMENT)
