"""Loading of a folder whose files register themselves: the folder is the list."""

from __future__ import annotations

import importlib
import pkgutil


def import_submodules(package: str) -> list[str]:
    """Import every module directly below the package and return their names."""
    folder = importlib.import_module(package)
    names = [f"{package}.{module.name}" for module in pkgutil.iter_modules(folder.__path__)]
    for name in names:
        importlib.import_module(name)
    return names
