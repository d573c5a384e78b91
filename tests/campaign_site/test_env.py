"""A bad value in the environment stops the start with a sentence that names it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from campaign_site import env
from campaign_site.env import ConfigurationError


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (
            "sqlite:////data/diffusion.sqlite3",
            {"ENGINE": "campaign_site.sqlite", "NAME": Path("/data/diffusion.sqlite3")},
        ),
        (
            "postgresql://user:p%40ss@db:6432/campaigns?sslmode=require",
            {"HOST": "db", "PORT": "6432", "USER": "user", "PASSWORD": "p@ss", "NAME": "campaigns"},
        ),
    ],
)
def test_a_database_address_is_read(monkeypatch: pytest.MonkeyPatch, value: str, read: dict[str, object]) -> None:
    monkeypatch.setenv("DATABASE_URL", value)

    database = env.env_database("DATABASE_URL", Path("unused"))

    assert {name: database[name] for name in read} == read


def test_options_of_a_database_address_reach_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/campaigns?sslmode=require")

    assert env.env_database("DATABASE_URL", Path("unused"))["OPTIONS"]["sslmode"] == "require"


def test_transactions_that_idle_are_ended_unless_the_address_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/campaigns?options=-c%20idle_in_transaction_session_timeout=0")

    options = env.env_database("DATABASE_URL", Path("unused"))["OPTIONS"]["options"]

    assert options.split("-c ")[1:] == [
        "idle_in_transaction_session_timeout=5min ",
        "idle_in_transaction_session_timeout=0",
    ]


@pytest.mark.parametrize("value", ["mysql://db/name", "postgresql://db", "nonsense"])
def test_a_database_address_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DATABASE_URL", value)

    with pytest.raises(ConfigurationError, match=r"DATABASE_URL=.*write sqlite:///"):
        env.env_database("DATABASE_URL", Path("unused"))


def test_no_password_stands_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@db")

    with pytest.raises(ConfigurationError) as refused:
        env.env_database("DATABASE_URL", Path("unused"))

    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (lambda: env.env_bool("X", True), "perhaps"),
        (lambda: env.env_int("X", 1, maximum=10), "11"),
        (lambda: env.env_int("X", 1), "-1"),
        (lambda: env.env_time_zone("X", "UTC"), "Mars/Olympus"),
        (lambda: env.env_url("X", "http://a", schemes=("http", "https")), "ftp://a"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, reader: object, value: str) -> None:
    monkeypatch.setenv("X", value)

    with pytest.raises(ConfigurationError, match=f"X='{value}'"):
        reader()  # type: ignore[operator]


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "file" / "var"))

    with pytest.raises(ConfigurationError, match=r"VAR_DIR: .*can't be written"):
        env.env_directory("VAR_DIR", tmp_path)


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path = tmp_path / "secret_key"

    first, second = env.env_secret("SECRET_KEY", path), env.env_secret("SECRET_KEY", path)

    assert first == second
    assert len(first) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret_key"]
