"""Why did, or didn't, this person get it: the way of one recipient to one delivery, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from common.registry import Registry
from deliveries.models import Broadlog, Delivery, MessageStatus, Preparation
from operations.explain import Step, path
from operations.models import PopulationMember, WorkflowRun

# (delivery, recipient id) -> steps after the sending; downstream apps add what came back.
Explainer = Callable[[Delivery, int], list[Step]]
explainers: Registry[Explainer] = Registry("explain steps")


def explain_recipient(delivery: Delivery, recipient_id: int) -> list[Step]:
    """Every activity passed through, every rule that kept or dropped the person, the message, and what followed."""
    rows = _rows(delivery, recipient_id)
    steps = [step for run in _runs(delivery, rows) for step in path(run, recipient_id)]
    steps += _analysis_steps(delivery, recipient_id, rows)
    steps += [step for row in rows for step in _message_steps(row)]
    for explainer in explainers:
        steps += explainer(delivery, recipient_id)
    return steps


def _rows(delivery: Delivery, recipient_id: int) -> list[Broadlog]:
    rows = Broadlog.objects.filter(delivery=delivery, recipient=recipient_id)
    return list(rows.select_related("preparation__workflow_run").order_by("pk"))


def _runs(delivery: Delivery, rows: list[Broadlog]) -> list[WorkflowRun]:
    """The runs that brought the person; if none did, the last run of the delivery, where the person was lost."""
    runs = [row.preparation.workflow_run for row in rows if row.preparation.workflow_run is not None]
    if runs or rows:
        return runs
    last = _last_analysis(delivery)
    run = last.workflow_run if last is not None and last.workflow_run is not None else delivery.workflow_run
    return [run] if run is not None else []


def _last_analysis(delivery: Delivery) -> Preparation | None:
    return delivery.preparations.select_related("workflow_run").order_by("-number").first()


def _analysis_steps(delivery: Delivery, recipient_id: int, rows: list[Broadlog]) -> Iterator[Step]:
    for row in rows:
        yield _kept_or_excluded(row)
    last = _last_analysis(delivery)
    if last is None:
        yield Step(at=None, where=_("Analysis"), outcome=_("not analysed yet"), reason="")
    elif all(row.preparation_id != last.pk for row in rows):
        yield _absent(last, recipient_id, already=bool(rows))


def _kept_or_excluded(row: Broadlog) -> Step:
    excluded = row.status == MessageStatus.IGNORED
    return Step(
        at=row.preparation.ended_at,
        where=_("Analysis %(number)d") % {"number": row.preparation.number},
        outcome=_("excluded") if excluded else _("kept"),
        reason=str(row.get_failure_reason_display() or "") if excluded else "",
    )


def _absent(analysis: Preparation, recipient_id: int, *, already: bool) -> Step:
    where = _("Analysis %(number)d") % {"number": analysis.number}
    came = _is_member(analysis, recipient_id)
    if came is False:
        return Step(at=analysis.ended_at, where=where, outcome=_("not in the target"), reason="")
    if already:
        reason = _("already in the delivery from an earlier run") if came else ""
        return Step(at=analysis.ended_at, where=where, outcome=_("not added again"), reason=reason)
    if analysis.delivery.keep_ignored:
        return Step(at=analysis.ended_at, where=where, outcome=_("not in the target"), reason="")
    reason = _("either not in the target, or excluded: this delivery keeps exclusions as counts only")
    return Step(at=analysis.ended_at, where=where, outcome=_("no message"), reason=reason)


def _is_member(analysis: Preparation, recipient_id: int) -> bool | None:
    """Whether the inbound population held the person; None when the delivery has its own target."""
    if analysis.population_id is None:
        return None
    return PopulationMember.objects.filter(population_id=analysis.population_id, recipient_id=recipient_id).exists()


def _message_steps(row: Broadlog) -> Iterator[Step]:
    if row.status == MessageStatus.IGNORED:
        return
    outcome = _("in doubt") if row.in_doubt_since else str(row.get_status_display())
    yield Step(at=row.updated_at, where=_("Delivery log"), outcome=outcome, reason=_why(row))


def _why(row: Broadlog) -> str:
    attempts = _("%(attempts)d attempts") % {"attempts": row.attempts} if row.attempts > 1 else ""
    failure = str(row.get_failure_reason_display() or "")
    return " – ".join(part for part in (attempts, failure, row.failure_detail) if part)
