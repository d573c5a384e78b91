"""The end of a series: what a stop means before it, and who stopped it after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from common.admin import Dialog
from common.figures import count
from deliveries import control
from deliveries.models import Delivery, DeliverySeries
from deliveries.models.delivery import FINAL_STATES
from deliveries.progress import progress_of
from installation.models import AuditEntry
from operations import services
from operations.models import WorkflowState

RUNNING = (WorkflowState.STARTED, WorkflowState.PAUSED)


def is_running(series: DeliverySeries) -> bool:
    return series.activity.workflow.state in RUNNING


def at_work(series: DeliverySeries) -> Delivery | None:
    """The last occurrence while it is not over."""
    last: Delivery | None = series.occurrences.order_by("-occurrence").first()
    return last if last is not None and last.state not in FINAL_STATES else None


def may_stop(series: DeliverySeries) -> bool:
    return is_running(series) or at_work(series) is not None


def stop_dialog(series: DeliverySeries, now: datetime) -> Dialog:
    workflow = series.activity.workflow
    lines = []
    if is_running(series):
        lines.append(
            _("The workflow “%(workflow)s” stops: it makes no further occurrence until someone starts it again.")
            % {"workflow": workflow.label}
        )
    delivery = at_work(series)
    if delivery is None:
        lines.append(_("No occurrence is being sent. What has left cannot be recalled."))
    else:
        progress = progress_of([delivery], now)[delivery.pk]
        lines.append(
            _("“%(delivery)s” stops too: %(left)s have left and cannot be recalled, %(waiting)s never leave.")
            % {
                "delivery": delivery.label,
                "left": count(progress.succeeded),
                "waiting": count(progress.waiting),
            }
        )
    return Dialog(
        title=_("Stop the series “%(series)s”?") % {"series": series.label},
        lines=lines,
        button=_("Stop the series"),
        keep=_("Keep sending"),
        asks_reason=True,
        reasons=[_("Wrong content"), _("Wrong target"), _("Asked by the business"), _("The campaign is over")],
    )


def stop(series: DeliverySeries, now: datetime) -> None:
    last = series.occurrences.order_by("-occurrence").first()
    if last is None:
        services.stop_workflow(workflow=series.activity.workflow, now=now)
    else:
        control.stop(last, now=now, scope=control.SERIES)


def stopped_by(series: DeliverySeries) -> Any:
    """The last stop of the series, of its workflow or of an occurrence “with the whole series”; None if nobody did."""
    deliveries = list(series.occurrences.order_by("-occurrence").values_list("pk", flat=True)[:10])
    stop_of_series = Q(action="stop_series") | Q(action="stop", detail__choice=control.SERIES)
    told = (
        Q(model="deliveries.deliveryseries", object_id=series.pk, action="stop_series")
        | Q(model="operations.workflow", object_id=series.activity.workflow_id, action="stop")
        | Q(model="operations.operation", object_id=series.operation_id, action="cancel")
        | Q(Q(model="deliveries.delivery", object_id__in=deliveries) & stop_of_series)
    )
    return AuditEntry.objects.filter(told).select_related("user").order_by("-at").first()
