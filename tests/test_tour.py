"""The tour names real files and functions, in tables of which each row names both."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TOUR = ROOT / "docs" / "tour.md"
CODE = re.compile(r"`([^`]+)`")


def stops() -> list[tuple[str, str]]:
    """(path, function) for every function named in the second and third column of a table."""
    found = []
    for line in TOUR.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and CODE.fullmatch(cells[1]):
            found += [(cells[1].strip("`"), function) for function in CODE.findall(cells[2])]
    return found


def functions_of(path: Path) -> set[str]:
    """Top-level functions and classes, and methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))
            names |= {f"{node.name}.{method.name}" for method in methods}
    return names


@pytest.mark.parametrize(("path", "function"), stops())
def test_every_stop_of_the_tour_exists(path: str, function: str) -> None:
    assert (ROOT / path).is_file()
    assert function in functions_of(ROOT / path)


def test_the_tour_passes_through_every_layer() -> None:
    assert len(stops()) > 40
    assert {path.partition("/")[0] for path, _function in stops()} == {
        "recipients",
        "operations",
        "deliveries",
        "tracking",
        "campaign_site",
        "common",
    }


def test_every_row_of_the_tour_is_a_stop() -> None:
    lines = TOUR.read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| stage", "| question"))]

    assert len(rows) == sum(1 for line in rows if len(CODE.findall("|".join(line.split("|")[2:4]))) >= 2)


def test_every_file_that_the_tour_mentions_exists() -> None:
    mentioned = [word for word in CODE.findall(TOUR.read_text()) if re.fullmatch(r"[a-z_/]+\.py", word)]

    assert [word for word in mentioned if not (ROOT / word).is_file()] == []
