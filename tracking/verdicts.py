"""Which hits count as what: the same words for counters, curves and criteria."""

from __future__ import annotations

from tracking.models import HitKind, Verdict

# Whoever clicks or reads the mirror page has opened, even where the pixel was blocked.
OPENING = [HitKind.OPEN, HitKind.CLICK, HitKind.MIRROR]
MACHINES = [Verdict.SCANNER, Verdict.PREFETCH]
