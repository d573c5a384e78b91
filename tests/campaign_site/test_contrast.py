"""Text and marks stand out enough from what is behind them, in the light theme and in the dark one (WCAG 2.2, AA)."""

from __future__ import annotations

import re

import pytest

from tests.catalogue import ROOT

TEXT, MARK = 4.5, 3.0
THEMES = ["light", "dark"]
CSS = ROOT / "campaign_site" / "static" / "campaign_site" / "css"
COLOURS = {
    name: dict(zip(THEMES, pair, strict=True))
    for sheet in ("tokens.css", "canvas.css")
    for name, *pair in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", (CSS / sheet).read_text(encoding="utf-8")
    )
}
TONES = ["run", "ok", "warn", "bad", "doubt", "wait", "mute"]
GROUNDS = ["bg", "surface", "raised", "sunken", "hover"]
FAMILIES = ["flow", "targeting", "sending", "data"]
TEXTS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS),
    *(("accent-text", ground) for ground in (*GROUNDS, "accent-soft")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    *((f"{tone}-text", ground) for tone in TONES for ground in (f"{tone}-soft", "bg", "surface", "raised")),
]
MARKS = [
    *((f"{family}-ink", family) for family in FAMILIES),
    *((mark, ground) for mark in ("control", "accent-text") for ground in ("bg", "surface", "raised")),
    *((f"{tone}-solid", "surface") for tone in TONES),
    *((f"c{number}", "surface") for number in range(1, 6)),
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("pairs", "needed"), [(TEXTS, TEXT), (MARKS, MARK)], ids=["texts", "marks"])
def test_every_pair_of_colours_has_enough_contrast(pairs: list[tuple[str, str]], needed: float, theme: str) -> None:
    found = {f"{front} on {back}": contrast(COLOURS[front][theme], COLOURS[back][theme]) for front, back in pairs}

    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < needed} == {}


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def contrast(first: str, second: str) -> float:
    """The ratio of two colours ("#rrggbb"), from 1 to 21."""
    darker, lighter = sorted([luminance(first), luminance(second)])
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
