"""The control rules: warnings go to the log, errors end the analysis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.errors import Invalid
from deliveries.models import Preparation
from deliveries.preparation.journal import write
from deliveries.typology.base import Finding, Level
from deliveries.typology.registry import run_controls


class ControlsFailed(Invalid):
    """A control rule forbids this delivery; the message lists every error."""

    code = "controls_failed"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(" ".join(str(finding.message) for finding in findings))


def control(preparation: Preparation, *, after_targeting: bool, now: datetime) -> None:
    """Log the warnings; raise ControlsFailed with all errors."""
    findings = list(run_controls(preparation.delivery, preparation, after_targeting=after_targeting))
    errors = [finding for finding in findings if finding.level == Level.ERROR]
    if errors:
        raise ControlsFailed(errors)
    for finding in findings:
        write(preparation, finding.message, now=now, level=finding.level)
