"""Typed readers of environment variables: a bad value stops the start with a sentence that names it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class ConfigurationError(Exception):
    """An environment variable holds a value that can't be used."""


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    value = env_text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ConfigurationError(f"{name}={value!r}: write true or false.")


def env_int(name: str, default: int, *, minimum: int = 0, maximum: int = 2**31) -> int:
    value = env_text(name)
    if not value:
        return default
    if not value.isdigit() or not minimum <= int(value) <= maximum:
        raise ConfigurationError(f"{name}={value!r}: write a whole number from {minimum} to {maximum}.")
    return int(value)


def env_list(name: str, default: list[str]) -> list[str]:
    value = env_text(name)
    return [item.strip() for item in value.split(",") if item.strip()] if value else default


def env_time_zone(name: str, default: str) -> str:
    value = env_text(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(f"{name}={value!r}: not a time zone, write for example Europe/Paris.") from None
    return value


def env_url(name: str, default: str, *, schemes: tuple[str, ...]) -> str:
    value = env_text(name, default)
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.netloc:
        raise ConfigurationError(f"{name}={value!r}: write an address that begins with {' or '.join(schemes)}://.")
    return value.rstrip("/")


def mail_server(url: str) -> tuple[str, int, str, str, bool, bool]:
    """Host, port, user, password, TLS from the start, STARTTLS: a password never travels in the open."""
    parts = urlsplit(url)
    is_ssl = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    wanted = dict(parse_qsl(parts.query)).get("tls", "required" if user else "off")
    port = parts.port or (465 if is_ssl else 25)
    return parts.hostname or "", port, user, password, is_ssl, not is_ssl and wanted == "required"


def env_directory(name: str, default: Path) -> Path:
    """The directory, made if needed and proved writable."""
    path = Path(env_text(name, str(default))).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{name}: {path} can't be written ({error.strerror}). Make it writable or set {name} to another folder."
        ) from None
    return path


def env_database(name: str, default: Path) -> dict[str, Any]:
    """Django's DATABASES entry for `sqlite:///path` or `postgresql://user:password@host:port/name?option=value`."""
    value = env_text(name, f"sqlite:///{default}")
    parts = urlsplit(value)
    if parts.scheme == "sqlite" and parts.path:
        # Three slashes or four: always the absolute path.
        return sqlite_database(Path("/" + unquote(parts.path).lstrip("/")))
    if parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        return _postgresql_database(value)
    raise ConfigurationError(
        f"{name}={_without_password(value)!r}: write sqlite:///path/to/file or postgresql://user:password@host:5432/name."
    )


def sqlite_database(path: Path) -> dict[str, Any]:
    # IMMEDIATE is what matters: a deferred transaction that reads before it writes fails under contention.
    return {
        "ENGINE": "campaign_site.sqlite",
        "NAME": path,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
            "PRAGMA mmap_size=134217728;PRAGMA cache_size=-20000;",
        },
    }


# No transaction of ours waits for the outside. One that idles for so long was forgotten, and would keep PostgreSQL from
# clearing away what sending changes.
IDLE_IN_TRANSACTION = "-c idle_in_transaction_session_timeout=5min"


def _postgresql_database(value: str) -> dict[str, Any]:
    parts = urlsplit(value)
    options = dict(parse_qsl(parts.query))
    # The server heeds the last word, which is the address's.
    options["options"] = f"{IDLE_IN_TRANSACTION} {options.get('options', '')}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 10, **options},
    }


def env_secret(name: str, path: Path) -> str:
    """The variable, else the secret kept in the file, made at the first start."""
    value = env_text(name)
    if value:
        return value
    if not path.exists():
        _write_secret(path)
    return path.read_text().strip()


def _write_secret(path: Path) -> None:
    import secrets

    # Linked into place so that two processes which start together read the same secret.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _without_password(value: str) -> str:
    password = urlsplit(value).password
    return value.replace(f":{password}@", ":…@") if password else value
