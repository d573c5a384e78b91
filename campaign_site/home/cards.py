"""The cards of the home page: each is computed by itself, and one that fails says so alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign_site.home.alerts import alerts_card
from campaign_site.home.finished import finished_card
from campaign_site.home.in_progress import in_progress_card
from campaign_site.home.indicators import indicators_card
from campaign_site.home.steps import steps_card
from campaign_site.home.today import today_card
from campaign_site.home.viewpoint import Context, Viewpoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Card:
    """`context` answers None where there is nothing that this user may see."""

    title: Any
    context: Callable[[Viewpoint], Context | None]


CARDS: dict[str, Card] = {
    "steps": Card(_("First steps"), steps_card),
    "today": Card(_("Today"), today_card),
    "in_progress": Card(_("In progress"), in_progress_card),
    "needs_you": Card(_("Needs you"), alerts_card),
    "finished": Card(_("Finished since yesterday"), finished_card),
    "indicators": Card(_("Last 30 days"), indicators_card),
}
# Those that are asked for again and again.
LIVE = ("in_progress", "needs_you")


def cards_of(view: Viewpoint, names: tuple[str, ...] = tuple(CARDS)) -> dict[str, Context]:
    """By name: what each card shows, `{"title", "failed": True}` for one that could not be computed."""
    found = {name: _computed(name, view) for name in names}
    return {name: context for name, context in found.items() if context is not None}


def _computed(name: str, view: Viewpoint) -> Context | None:
    card = CARDS[name]
    try:
        context = card.context(view)
    except Exception:
        logger.exception("A card of the home page has failed: %s", name)
        return {"title": card.title, "failed": True}
    return None if context is None else {"title": card.title, **context}
