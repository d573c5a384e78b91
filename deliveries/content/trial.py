"""One rendering of a content in a process of its own, with little memory and one second: `python -m …trial`.

Reads {"sources", "escaped", "contexts"} and answers {} or {"part", "line", "kind", "detail"}, both JSON.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import minijinja

from deliveries.content.language import MAXIMUM_OUTPUT, environment

MEMORY = 256 * 1024 * 1024
SECONDS = 1.0


def main() -> None:
    task = json.load(sys.stdin)
    _limit()
    json.dump(try_out(task["sources"], frozenset(task["escaped"]), task["contexts"]), sys.stdout)


def try_out(sources: dict[str, str], escaped: frozenset[str], contexts: list[dict[str, Any]]) -> dict[str, Any]:
    """Compile each part and render it with each context; the first fault, or nothing."""
    for part, source in sources.items():
        try:
            engine = environment({part: source}, escaped=escaped)
            for context in contexts:
                if len(engine.render_template(part, **context)) > MAXIMUM_OUTPUT:
                    return {"part": part, "line": 0, "kind": "TooLong", "detail": ""}
        except minijinja.TemplateError as error:
            return {"part": part, "line": error.line or 0, "kind": error.kind, "detail": error.detail or ""}
    return {}


def _limit() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if _LINUX else 0
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    # No handler: the signal ends the process even inside the engine.
    signal.setitimer(signal.ITIMER_REAL, SECONDS)


_LINUX = Path("/proc/self/statm").exists()

if __name__ == "__main__":
    main()
