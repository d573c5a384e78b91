"""Why did, or didn't, this person get it: the way of one recipient to one delivery, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from common.registry import Registry
from deliveries.models import Broadlog, Delivery, MessageStatus, Preparation
from deliveries.screening_checks import rule_checks
from operations.explain import Step, path
from operations.models import PopulationMember, WorkflowRun
from recipients.filters import FilterContext
from recipients.query.one_person import checks_of

# (delivery, recipient id) -> steps after the sending; downstream apps add what came back.
Explainer = Callable[[Delivery, int], list[Step]]
explainers: Registry[Explainer] = Registry("explain steps")


LEFT = (
    *(MessageStatus.SENT, MessageStatus.TAKEN_INTO_ACCOUNT),
    *(MessageStatus.RECEIVED_ON_MOBILE, MessageStatus.SENT_TO_PROVIDER),
)
LOST = (MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.NOT_APPLICABLE)


def explain_recipient(delivery: Delivery, recipient_id: int) -> list[Step]:
    """Every activity passed through, every rule that kept or dropped the person, the message, and what followed."""
    rows = rows_of_person(delivery, recipient_id)
    steps = [step for run in runs_of_person(delivery, rows) for step in path(run, recipient_id)]
    steps += _target_steps(delivery, recipient_id, rows)
    steps += _analysis_steps(delivery, recipient_id, rows)
    steps += [step for row in rows for step in _message_steps(row)]
    for explainer in explainers:
        steps += explainer(delivery, recipient_id)
    return steps


def rows_of_person(delivery: Delivery, recipient_id: int) -> list[Broadlog]:
    rows = Broadlog.objects.filter(delivery=delivery, recipient=recipient_id)
    return list(
        rows.select_related("preparation__workflow_run__workflow", "preparation__content_version").order_by("pk")
    )


def runs_of_person(delivery: Delivery, rows: list[Broadlog]) -> list[WorkflowRun]:
    """The runs that brought the person; if none did, the last run of the delivery, where the person was lost."""
    runs = [row.preparation.workflow_run for row in rows if row.preparation.workflow_run is not None]
    if runs or rows:
        return runs
    last = _last_analysis(delivery)
    run = last.workflow_run if last is not None and last.workflow_run is not None else delivery.workflow_run
    return [run] if run is not None else []


def _last_analysis(delivery: Delivery) -> Preparation | None:
    return delivery.preparations.select_related("workflow_run__workflow").order_by("-number").first()


def _target_steps(delivery: Delivery, recipient_id: int, rows: list[Broadlog]) -> Iterator[Step]:
    """The filter of a delivery that has a target of its own."""
    target = delivery.target
    last = _last_analysis(delivery)
    if not isinstance(target, dict) or set(target) == {"list"} or not target or delivery.workflow_run_id is not None:
        return
    instant = last.requested_at if last is not None else delivery.created_at
    checks = tuple(checks_of(target, recipient_id, FilterContext(instant, ZoneInfo(settings.TIME_ZONE))))
    kept = bool(rows) or all(check.holds for check in checks)
    yield Step(
        at=instant,
        where=_("Target"),
        outcome=_("kept") if kept else _("not selected"),
        reason="",
        kind="target",
        tone="ok" if kept else "bad",
        icon="target",
        checks=checks,
    )


def _analysis_steps(delivery: Delivery, recipient_id: int, rows: list[Broadlog]) -> Iterator[Step]:
    for row in rows:
        yield _kept_or_excluded(delivery, row)
    last = _last_analysis(delivery)
    if last is None:
        yield Step(None, _("Analysis"), _("not analysed yet"), "", kind="analysis", icon="clock")
    elif all(row.preparation_id != last.pk for row in rows):
        yield _absent(last, recipient_id, already=bool(rows))


def _kept_or_excluded(delivery: Delivery, row: Broadlog) -> Step:
    excluded = row.status == MessageStatus.IGNORED
    return Step(
        at=row.preparation.ended_at,
        where=_("Analysis %(number)d") % {"number": row.preparation.number},
        outcome=_("excluded") if excluded else _("kept"),
        reason=str(row.get_failure_reason_display() or "") if excluded else "",
        kind="analysis",
        tone="bad" if excluded else "ok",
        icon="shield-check",
        checks=rule_checks(delivery, row),
    )


def _absent(analysis: Preparation, recipient_id: int, *, already: bool) -> Step:
    where = _("Analysis %(number)d") % {"number": analysis.number}
    came = _is_member(analysis, recipient_id)
    if came is False:
        outcome, reason = _("not in the target"), ""
    elif already:
        outcome = _("not added again")
        reason = _("already in the delivery from an earlier run") if came else ""
    elif analysis.delivery.keep_ignored:
        outcome, reason = _("not in the target"), ""
    else:
        outcome = _("no message")
        reason = _("either not in the target, or excluded: this delivery keeps exclusions as counts only")
    tone = "" if already else "bad"
    return Step(analysis.ended_at, where, outcome, reason, kind="analysis", tone=tone, icon="shield-check")


def _is_member(analysis: Preparation, recipient_id: int) -> bool | None:
    """Whether the inbound population held the person; None when the delivery has its own target."""
    if analysis.population_id is None:
        return None
    return PopulationMember.objects.filter(population_id=analysis.population_id, recipient_id=recipient_id).exists()


def _message_steps(row: Broadlog) -> Iterator[Step]:
    if row.status == MessageStatus.IGNORED:
        return
    version = row.preparation.content_version
    if version is not None:
        where = _("Content, version %(number)d") % {"number": version.number}
        said = _("frozen") + f" {version.hash[:7]}"
        yield Step(version.created_at, where, said, "", kind="content", tone="ok", icon="layout-template")
    outcome = _("in doubt") if row.in_doubt_since else str(row.get_status_display())
    tone = "bad" if row.status in LOST else "ok" if row.status in LEFT else ""
    yield Step(row.updated_at, _("Delivery log"), outcome, _why(row), kind="message", tone=tone, icon="send")


def _why(row: Broadlog) -> str:
    attempts = _("%(attempts)d attempts") % {"attempts": row.attempts} if row.attempts > 1 else ""
    failure = str(row.get_failure_reason_display() or "")
    return " – ".join(part for part in (attempts, failure, row.failure_detail) if part)
