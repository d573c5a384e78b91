"""URLs as browsers read them: the parser of the WHATWG standard that Playwright's own Node brings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import playwright

NODE = Path(playwright.__file__).parent / "driver" / "node"
_PARSE = """
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const read = url => { try { return new URL(url).href } catch { return null } };
console.log(JSON.stringify(given.map(read)));
"""


def hrefs(urls: Sequence[str]) -> list[str | None]:
    """Where a browser goes for each; None where it goes nowhere."""
    done = subprocess.run([str(NODE), "-e", _PARSE], input=json.dumps(list(urls)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: list[str | None] = json.loads(done.stdout)
    return found
