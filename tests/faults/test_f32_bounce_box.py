"""F32: the reader of the bounce box is killed between fetching, committing and deleting; the same mail comes twice."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.deliveries.inbound.boxes import left_in, put
from tests.faults.installation import Installation, copy_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
BOUNCES = 40

PREPARE = """
from datetime import UTC, datetime
from pathlib import Path
from django.utils import timezone
from tests.deliveries.inbound.boxes import make_box
from tests.deliveries.inbound.mails import dsn, make_sent, messages_of
rows = messages_of(make_sent(timezone.now(), people={bounces}))
make_box(Path({box!r}), [dsn(row) for row in rows])
"""


@pytest.mark.parametrize("point", ["after_fetch", "before_forgetting"])
def test_f32_a_reader_killed_at_any_point_counts_each_bounce_once(
    point: str, migrated: Installation, tmp_path: Path
) -> None:
    installation = copy_of(migrated, tmp_path / "var", smtp_port=9)
    box = tmp_path / "box"
    run(installation, "shell", "-c", PREPARE.format(bounces=BOUNCES, box=str(box)))

    killed = installation.start("process_bounces", DIFFUSION_FAILPOINT=f"{point}:kill")
    assert killed.wait(120) == -signal.SIGKILL
    assert left_in(box) == BOUNCES
    put(box, [path.read_bytes() for path in list((box / "cur").iterdir())[:5]])
    run(installation, "process_bounces")

    assert left_in(box) == 0
    assert installation.number("SELECT count(*) FROM deliveries_broadlog WHERE status = 2") == BOUNCES
    assert installation.query("SELECT sent, failed FROM deliveries_delivery") == [(0, BOUNCES)]
    assert installation.number("SELECT count(*) FROM deliveries_inboundmail") == BOUNCES
    errors = installation.query("SELECT status, count(*), max(error_count) FROM recipients_quarantine GROUP BY status")
    assert errors == [(4, BOUNCES, 1)]


def run(installation: Installation, *arguments: str) -> None:
    done = installation.manage(*arguments)
    assert done.returncode == 0, done.stderr
