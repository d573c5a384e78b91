"""What a dead sender held: its journal says what became of each message, and what it leaves open is in doubt.

A journal is settled only under its lock, which its writer holds for life: a living sender is never touched, however old
its lease. Where the journal is on another machine, the lease and the heartbeat decide.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.utils.translation import gettext as _

from deliveries.models import DeliveryPart, PartState
from deliveries.mta.claims import open_rows
from deliveries.mta.clock import database_now
from deliveries.mta.fates import Outcome, in_doubt
from deliveries.mta.isolation import note_death
from deliveries.mta.journal import DONE_SUFFIX, SUFFIX, ClaimRecord, PartKey, abandoned, read_journal
from deliveries.mta.outcomes import LeaseLost, close_part
from deliveries.mta.settling.background import settle_in_background
from installation.models import Process
from installation.processes import alive

logger = logging.getLogger("diffusion.mta")
DONE_KEPT = timedelta(days=7)


def recover(folder: Path) -> int:
    """Settle every abandoned journal of this folder and every part whose sender vanished with its machine."""
    recovered = sum(_recover_journal(path) for path in sorted(folder.glob(f"*{SUFFIX}")))
    recovered += _recover_vanished(folder)
    _forget_done(folder)
    settle_in_background()
    return recovered


def _recover_journal(path: Path) -> int:
    with abandoned(path) as data:
        if data is None:
            return 0
        claims = read_journal(data)
        recovered = sum(_settle_dead(key, claims.get(key, ClaimRecord())) for key in _held_by(path.stem))
        # Nobody is alive under this name: its lock was free.
        Process.objects.filter(uid=path.stem).delete()
        path.rename(path.with_suffix(DONE_SUFFIX))
    if recovered:
        logger.warning("journal %s: %d parts of a dead sender settled", path.stem, recovered)
    return recovered


def _held_by(uid: str) -> list[PartKey]:
    parts = DeliveryPart.objects.filter(state=PartState.CLAIMED, claimed_by=uid).values_list("pk", "claim_token")
    return [PartKey(number, token) for number, token in parts if token is not None]


def _settle(key: PartKey, outcomes: list[Outcome]) -> int:
    try:
        close_part(key, outcomes, fates=Counter(outcome.fate for outcome in outcomes))
    except LeaseLost:
        return 0
    return 1


def _settle_dead(key: PartKey, record: ClaimRecord) -> int:
    outcomes = record.settled()
    settled = _settle(key, outcomes)
    if settled:
        note_death(key.part_id, progressed=bool(outcomes), now=database_now())
    return settled


def give_back_strays(uid: str, held: Collection[PartKey]) -> int:
    """Parts claimed in our name that we know nothing of: the database went away while it granted them."""
    return sum(_settle(key, []) for key in _held_by(uid) if key not in held)


def _recover_vanished(folder: Path) -> int:
    """Parts whose lease ran out, whose journal can't be read here and whose sender gives no sign of life."""
    now = database_now()
    expired = DeliveryPart.objects.filter(state=PartState.CLAIMED, lease_until__lt=now).exclude(
        claimed_by__in=_living(now, folder)
    )
    return sum(_settle(PartKey(part.pk, part.claim_token), _all_doubtful(part)) for part in expired if part.claim_token)


def _living(now: datetime, folder: Path) -> set[str]:
    here: Iterable[str] = (path.stem for path in folder.glob(f"*{SUFFIX}"))
    return {*here, *alive(now, Process.Kind.MTA).values_list("uid", flat=True)}


def _all_doubtful(part: DeliveryPart) -> list[Outcome]:
    rows = open_rows(part.delivery_id, part.first_id, part.last_id).values_list("pk", "attempts")
    detail = _("The sending process %(uid)s vanished.") % {"uid": part.claimed_by}
    return [in_doubt(number, attempts + 1, detail) for number, attempts in rows]


def _forget_done(folder: Path) -> None:
    limit = database_now().timestamp() - DONE_KEPT.total_seconds()
    for path in folder.glob(f"*{DONE_SUFFIX}"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
