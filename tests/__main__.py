"""`./diffusion test`: the whole suite; says at its end what was skipped and how to get what is missing.

`--full` adds the long runs (marker `full`); any other argument goes to pytest.
"""

from __future__ import annotations

import sys

import pytest


def main(arguments: list[str]) -> int:
    full = "--full" in arguments
    chosen = [argument for argument in arguments if argument != "--full"]
    parallel = [] if any(argument.startswith("-n") for argument in chosen) else ["-n", "2", "--dist", "loadgroup"]
    marks = [] if full or "-m" in chosen else ["-m", "not full"]
    # The long runs bring their own limits.
    watch = ["-o", "faulthandler_timeout=0"] if full else []
    return int(pytest.main([*parallel, *marks, *watch, *chosen]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
