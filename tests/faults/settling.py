"""Settling by what the sink took: its dump, told as a relay's log would tell it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.deliveries.mta.settling.postfix_lines import line, taken
from tests.faults.installation import Installation
from tests.faults.witness import Witness


def settle_by_witness(installation: Installation, witness: Witness, folder: Path) -> dict[str, int]:
    """`mta settle` with a log that names, among what is in doubt, what the witness has. Returns its answer."""
    witness.look()
    log = folder / "relay.log"
    now = datetime.now(UTC)
    doubts = installation.query("SELECT id, address FROM deliveries_broadlog WHERE in_doubt_since IS NOT NULL")
    lines = [line(now - timedelta(hours=1), "starting")]
    lines += [taken(now, f"4A{number:08X}", number) for number, address in doubts if witness.copies[address]]
    log.write_text("".join([*lines, line(now + timedelta(seconds=1), "statistics", daemon="anvil")]))
    settled = installation.manage("mta", "settle", "--from-log", str(log), "--json")
    assert settled.returncode == 0, settled.stderr
    answer: dict[str, int] = json.loads(settled.stdout)
    return answer
