"""The shape of the code: which way imports and foreign keys point, and that every folder is its own list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.models import ForeignKey

ROOT = Path(settings.BASE_DIR)
LAYERS = ["installation", "recipients", "operations", "deliveries", "tracking", "campaign_site"]
CODE = [
    path for app in ["common", *LAYERS] for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts
]
# Folders in which every file registers something, and has a test file of its own.
LISTS = {
    "operations/activities": "tests/operations/activities",
    "deliveries/activities": "tests/deliveries/activities",
    "deliveries/typology/rules": "tests/deliveries/typology",
}


def layer(label: str) -> int:
    return LAYERS.index(label) if label in LAYERS else -1


def test_foreign_keys_point_upstream() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in LAYERS
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and isinstance(field.related_model, type)
        if layer(field.related_model._meta.app_label) > layer(model._meta.app_label)
    ]

    assert wrong == []


def test_no_model_change_lacks_its_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("folder", LISTS)
def test_every_file_of_a_list_folder_registers_something(folder: str) -> None:
    silent = [path.name for path in _members(folder) if "register" not in path.read_text()]

    assert silent == []


@pytest.mark.parametrize("folder", LISTS)
def test_every_file_of_a_list_folder_has_a_test_file(folder: str) -> None:
    tests = {path.name for path in (ROOT / LISTS[folder]).rglob("test_*.py")}

    assert [path.name for path in _members(folder) if f"test_{path.name}" not in tests] == []


def test_functions_stay_short_and_files_keep_one_purpose() -> None:
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or node.lineno) - node.lineno >= 60
    ]
    long_files = [str(path.relative_to(ROOT)) for path in CODE if path.read_text().count("\n") > 500]

    assert (long_functions, long_files) == ([], [])


def test_no_code_asks_which_channel_it_is() -> None:
    asking = [
        str(path.relative_to(ROOT))
        for path in CODE
        if path.relative_to(ROOT).parts[0] in {"deliveries", "operations", "tracking"}
        if "channel ==" in path.read_text()
    ]

    assert asking == []


def test_every_task_names_itself() -> None:
    from campaign_site.celery import app

    app.loader.import_default_modules()
    ours = [name for name in app.tasks if name.split(".")[0] in LAYERS]

    assert ours
    assert [name for name in ours if ".tasks." in name] == []


def _members(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).glob("*.py")) if path.name not in {"__init__.py", "base.py"}]
