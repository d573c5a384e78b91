"""The line under the date: what was done today, what is under way, what needs somebody."""

from __future__ import annotations

import logging

from django.utils.translation import ngettext

from campaign_site.home.viewpoint import Context, Viewpoint
from common.figures import count
from operations.models import RunState, WorkflowRun

logger = logging.getLogger(__name__)


def sentence_of(view: Viewpoint, cards: dict[str, Context]) -> str:
    """Of what this user may see; a card that failed is not spoken of."""
    parts = []
    if view.may("operations.view_workflowrun"):
        done = cards.get("today", {}).get("runs_done")
        if done is None:
            done = _runs_done(view)
        if done is not None:
            parts.append(ngettext("%(number)s run done today", "%(number)s runs done today", done) % _shown(done))
    number = cards.get("in_progress", {}).get("number")
    if number is not None:
        text = ngettext("%(number)s delivery in progress", "%(number)s deliveries in progress", number)
        parts.append(text % _shown(number))
    number = cards.get("needs_you", {}).get("number")
    if number is not None:
        parts.append(ngettext("%(number)s thing needs you", "%(number)s things need you", number) % _shown(number))
    return ", ".join(parts)


def _runs_done(view: Viewpoint) -> int | None:
    start = view.midnight(view.today)
    rows = WorkflowRun.objects.filter(state=RunState.FINISHED, scheduled_for__gte=start, scheduled_for__lte=view.now)
    if view.program is not None:
        rows = rows.filter(workflow__operation__program=view.program)
    try:
        return rows.count()
    except Exception:
        logger.exception("The runs of today could not be counted")
        return None


def _shown(number: int) -> dict[str, str]:
    return {"number": count(number)}
