"""Which pictures there are: the page, its language and width, and what is done there before the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WIDE, NARROW = 1440, 390


def as_it_is(page: Any) -> None:
    """The page as it opens."""


def drawn(page: Any) -> None:
    page.wait_for_selector("body.canvas-ready")
    # The numbers of the last run come a moment later.
    page.wait_for_selector(".nd.ok")


def with_query(page: Any) -> None:
    drawn(page)
    page.locator('.nd[data-name="birthday_today"] .box').click()
    page.wait_for_selector(".panel-body .qg")


def with_schedule(page: Any) -> None:
    drawn(page)
    page.locator('.nd[data-name="every_morning"] .box').click()
    page.wait_for_selector(".schedule-sentence")


def counted(page: Any) -> None:
    page.wait_for_selector(".query-editor .q-total")


def asking_to_stop(page: Any) -> None:
    page.locator(".page-head [data-action^=stop]").click()
    page.get_by_role("dialog").wait_for()


@dataclass(frozen=True)
class Picture:
    """`address` is a name of the scene."""

    name: str
    address: str
    pose: Callable[[Any], None] = as_it_is
    language: str = "en"
    width: int = WIDE

    @property
    def file_name(self) -> str:
        language = "" if self.language == "en" else f"-{self.language}"
        width = "" if self.width == WIDE else f"-{self.width}"
        return f"{self.name}{language}{width}.png"


PICTURES = [
    Picture("home", "home"),
    Picture("operation", "operation"),
    Picture("workflow", "workflow", drawn),
    Picture("query", "workflow", with_query),
    Picture("schedule", "workflow", with_schedule),
    Picture("rehearsal", "rehearsal"),
    Picture("delivery", "delivery"),
    Picture("logs", "logs"),
    Picture("waiting", "waiting"),
    Picture("stop", "waiting", asking_to_stop),
    Picture("series", "series"),
    Picture("recipient", "recipient"),
    Picture("why", "why"),
    Picture("filter", "filter", counted),
    Picture("list", "deliveries"),
    Picture("form", "template"),
    Picture("home", "home", language="fr"),
    Picture("workflow", "workflow", with_query, language="fr"),
    Picture("waiting", "waiting", language="fr"),
    Picture("home", "home", width=NARROW),
    Picture("delivery", "delivery", width=NARROW),
    Picture("stop", "waiting", asking_to_stop, language="fr", width=NARROW),
]
