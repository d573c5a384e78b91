"""What we serve of others is what they published: every file has its hash in the manifest, a licence beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.catalogue import ROOT

# Where it comes from, in our words.
OURS = {"MANIFEST", "README.md"}
FOLDERS = sorted(
    folder
    for app in ROOT.iterdir()
    if (app / "static").is_dir()
    for vendor in (app / "static").rglob("vendor")
    for folder in vendor.iterdir()
    if folder.is_dir()
)


def test_there_is_something_to_check() -> None:
    assert FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_file_is_the_one_that_the_manifest_names(folder: Path) -> None:
    lines = (folder / "MANIFEST").read_text(encoding="utf-8").splitlines()
    listed = {name.lstrip("*"): digest for digest, name in (line.split(maxsplit=1) for line in lines if line.strip())}

    found = {str(path.relative_to(folder)): _digest(path) for path in folder.rglob("*") if path.is_file()}

    assert listed == {name: digest for name, digest in found.items() if name not in OURS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_licence_stands_beside_it(folder: Path) -> None:
    assert (folder / "LICENSE").read_text(encoding="utf-8").strip()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
