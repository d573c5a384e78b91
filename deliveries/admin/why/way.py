"""The way as the page draws it: one line per activity and rule, the one that decides, and those never reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations.explain import Step
from recipients.query.one_person import Check


@dataclass(frozen=True)
class Mark:
    """One line of the way. `tone`: ok, bad, or nothing; `decides`: here the message was lost."""

    title: str
    text: str
    at: datetime | None
    icon: str
    tone: str = ""
    checks: Sequence[Check] = ()
    summary: str = ""
    decides: bool = False
    is_reached: bool = True


def decider_of(steps: Sequence[Step]) -> Step | None:
    """The step at which a person without a message was lost: the last that dropped them, else the first that did not
    select them."""
    bad = [step for step in steps if step.tone == "bad" and step.kind in ("activity", "target", "analysis", "message")]
    judged = [step for step in bad if step.kind == "analysis" and step.checks]
    if judged or any(step.kind == "message" for step in bad):
        return judged[0] if judged else next(step for step in bad if step.kind == "message")
    explained = [step for step in bad if any(check.holds is False for check in step.checks)]
    entered = any(step.tone == "ok" and step.kind == "activity" for step in steps)
    if entered:
        return bad[-1] if bad else None
    return next(iter(explained or bad), None)


def marks_of(steps: Sequence[Step], decider: Step | None) -> list[Mark]:
    """`decider` is None where the message left; what follows it was not reached."""
    marks: list[Mark] = []
    is_over = False
    has_message = any(step.kind == "analysis" and step.checks for step in steps)
    for step in steps:
        # Whoever came to the analysis was not lost before; what follows the delivery is another matter.
        if has_message and step.kind == "activity" and step.tone == "bad":
            continue
        if is_over and step.kind in ("activity", "analysis", "target"):
            continue
        marks += list(_rules(step, decider)) if step.kind == "analysis" and step.checks else [_mark(step, decider)]
        is_over = is_over or step is decider
    if decider is not None and decider.kind != "message":
        rest = _("Content, sending") if decider.kind == "analysis" else _("Analysis, content, sending")
        marks.append(Mark(rest, _("Not reached"), None, "circle", is_reached=False))
    return marks


def _mark(step: Step, decider: Step | None) -> Mark:
    decides = step is decider
    tone = "bad" if decides else step.tone if step.tone == "ok" else ""
    text = step.outcome + (f" – {step.reason}" if step.reason else "")
    return Mark(step.where, text, step.at, step.icon, tone, step.checks, _summary(step.checks), decides)


def _summary(checks: Sequence[Check]) -> str:
    if not checks:
        return ""
    held = sum(1 for check in checks if check.holds)
    return ngettext("%(held)d of %(number)d criterion", "%(held)d of %(number)d criteria", len(checks)) % {
        "held": held,
        "number": len(checks),
    }


def _rules(step: Step, decider: Step | None) -> Iterator[Mark]:
    """An analysis: the rules passed on one line, the one that dropped the person on its own, the others not reached."""
    passed = ", ".join(check.text for check in step.checks if check.holds)
    if passed:
        text = _("None of these applied: %(rules)s") % {"rules": passed}
        yield Mark(step.where, text, step.at, step.icon, "ok")
    failed = next((check for check in step.checks if check.holds is False), None)
    if failed is not None:
        title = _("Rule: %(rule)s") % {"rule": failed.text}
        yield Mark(title, "; ".join(failed.values) or step.reason, step.at, "funnel", "bad", decides=step is decider)
    later = ", ".join(check.text for check in step.checks if check.holds is None)
    if later:
        yield Mark(later, _("Not reached"), None, "circle", is_reached=False)


def as_text(head: Sequence[str], marks: Sequence[Mark]) -> str:
    """The page for a mail to the support."""
    lines = [*head, ""]
    for mark in marks:
        at = f"{localtime(mark.at):%Y-%m-%d %H:%M:%S}" if mark.at else "-"
        decided = _(" [decides]") if mark.decides else ""
        lines.append(f"{at}  {mark.title}: {mark.text}{decided}")
        lines += [f"    {_sign(check)} {check.text} {'; '.join(check.values)}".rstrip() for check in mark.checks]
    return "\n".join(lines)


def _sign(check: Check) -> Any:
    return {True: "+", False: "-", None: "."}[check.holds]
