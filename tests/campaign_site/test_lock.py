"""Two supervisors never share one VAR_DIR."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from pytest_django import Settings

from campaign_site.processes.lock import AlreadyRunning, installation_lock, require_free_port


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def test_a_second_supervisor_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    with installation_lock(), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"), installation_lock():
        pass


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    with installation_lock():
        pass

    with installation_lock():
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(AlreadyRunning, match=f"Port {port} is taken"):
            require_free_port(port)
