"""The attack strings of `tests/data/payloads`."""

from __future__ import annotations

import json
from pathlib import Path

DATA = Path(__file__).parent / "data"


def payloads(name: str) -> list[str]:
    lines = (DATA / "payloads" / f"{name}.jsonl").read_text(encoding="utf-8").strip("\n").split("\n")
    return [json.loads(line)["payload"] for line in lines]
