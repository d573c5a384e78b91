"""What axe-core (vendored: `vendor/axe`) finds on a page that keeps somebody from using it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
GRAVE = {"serious", "critical"}
RUN = "async () => (await axe.run(document, {iframes: false, resultTypes: ['violations']})).violations"


def serious_findings(page: Page) -> list[str]:
    """Serious and critical findings, one line for each element: "rule: selector (what is wrong)"."""
    # Evaluated by the browser itself, which no content policy forbids.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))} ({node['failureSummary'].splitlines()[1].strip()})"
        for rule in page.evaluate(RUN)
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
