"""A process that has used an SQLite file keeps its lock on it; without one its threads would corrupt the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django.plugin import DjangoDbBlocker

from campaign_site.env import sqlite_database
from campaign_site.sqlite import keeper
from campaign_site.sqlite.base import DatabaseWrapper

# Another process that takes the file for itself, if it can.
TAKE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
print(connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0])
"""


@pytest.fixture
def path(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    # A file of the test's own, not the database of the tests.
    with django_db_blocker.unblock():
        yield tmp_path / "test.sqlite3"
    keeper.let_go()


def connect(path: Path) -> BaseDatabaseWrapper:
    settings = {**sqlite_database(path), "TIME_ZONE": None, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    return DatabaseWrapper({**settings, "AUTOCOMMIT": True, "TEST": {}})


def use(path: Path, statement: str) -> None:
    connection = connect(path)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def taken_by_another(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", TAKE, str(path)], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_no_other_process_has_the_file_alone_after_the_last_connection_was_closed(path: Path) -> None:
    use(path, "CREATE TABLE things (name TEXT)")

    assert taken_by_another(path) == "sqlite3.OperationalError: database is locked"
    assert path.with_name("test.sqlite3-wal").exists()


def test_the_last_process_writes_the_log_back(path: Path) -> None:
    use(path, "CREATE TABLE things (name TEXT)")

    keeper.let_go()

    assert not path.with_name("test.sqlite3-wal").exists()
    assert taken_by_another(path) == "delete"


def test_one_connection_is_kept_however_many_come(path: Path) -> None:
    use(path, "CREATE TABLE things (name TEXT)")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        use(path, f"INSERT INTO things VALUES ('{number}')")

    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_a_file_that_takes_the_place_of_another_is_kept_instead(path: Path) -> None:
    use(path, "CREATE TABLE things (name TEXT)")
    other = path.with_name("other.sqlite3")
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink()
    other.rename(path)

    use(path, "INSERT INTO things VALUES ('new')")

    assert taken_by_another(path) == "sqlite3.OperationalError: database is locked"


def test_a_child_inherits_no_belief_in_locks(path: Path) -> None:
    use(path, "CREATE TABLE things (name TEXT)")
    child = os.fork()
    if child == 0:
        os._exit(0 if not keeper._kept else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_is_no_database_is_told_as_ever(path: Path) -> None:
    path.write_text("Nothing of the kind. " * 100)

    with pytest.raises(DatabaseError, match="file is not a database"):
        use(path, "SELECT 1")
