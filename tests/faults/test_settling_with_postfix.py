"""A sender is killed over messages that a real Postfix may have taken; Postfix's own log says which it has."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.deliverability.relay import mails_in, running_postfix
from tests.faults.checker import check_account, check_doubts_are_told, read_rows
from tests.faults.installation import Installation, copy_of

pytestmark = [
    pytest.mark.postfix,
    pytest.mark.smtp_sink,
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
    pytest.mark.timeout(300),
]
RECIPIENTS, KILLED_AT = 40, 9


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("point", ["after_dot_before_250", "after_250_before_commit"])
def test_what_a_killed_sender_leaves_in_doubt_is_settled_from_the_log_of_postfix(
    point: str, connections: int, migrated: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "relay"
    folder.mkdir()
    with running_postfix(folder) as (port, arrived):
        installation = copy_of(migrated, tmp_path / "var", smtp_port=port, MTA_SETTLE_SECONDS="2", LOG_LEVEL="INFO")
        installation.fill(RECIPIENTS, connections=connections)
        with installation.sending(DIFFUSION_FAILPOINT=f"{point}:kill:{KILLED_AT}") as sender:
            assert sender.wait(timeout=90) == -signal.SIGKILL, installation.log()
        installation.finish()
        doubts = len(read_rows(installation).doubtful)
        assert 1 <= doubts <= connections
        check_doubts_are_told(installation)

        settled = settle(installation, folder / "log")
        if settled["resent"]:
            installation.finish()

        assert settled["sent"] >= 1 and settled["sent"] + settled["resent"] == doubts
        rows = read_rows(installation)
        assert (len(rows.sent), rows.doubtful, rows.others) == (RECIPIENTS, set(), {})
        check_account(installation)
        mails = mails_in(arrived, RECIPIENTS)

    assert named(mails, rb"^X-Rcpt-Args: <([^>]+)>") == dict.fromkeys(rows.sent, 1)
    assert set(named(mails, rb"^Message-ID: (\S+)").values()) == {1}


def settle(installation: Installation, log: Path) -> Counter[str]:
    """The sum of what `mta settle` did, asked again until Postfix had the time to take what it was told."""
    done: Counter[str] = Counter()

    def asked() -> bool:
        answer = installation.manage("mta", "settle", "--from-log", str(log), "--json")
        assert answer.returncode == 0, answer.stderr
        counts = json.loads(answer.stdout)
        done.update({name: counts[name] for name in ("sent", "failed", "resent", "cancelled")})
        return int(counts["undecided"]) == 0

    installation.wait_until(asked, seconds=60)
    return done


def named(mails: list[bytes], what: bytes) -> dict[str, int]:
    """How often each name stands in the mails."""
    found = (re.search(what, mail, re.MULTILINE) for mail in mails)
    return dict(Counter(match.group(1).decode() for match in found if match))
