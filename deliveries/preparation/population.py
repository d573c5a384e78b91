"""Whom an analysis looks at: the set of its transition, or the target of a delivery made by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from common.errors import Invalid
from deliveries.models import Broadlog, DeliveryKind, Preparation
from operations.models import PopulationMember
from recipients.filters import FilterContext, select
from recipients.models import Recipient, RecipientList, RecipientListMember

SKIP = "skip"
SEND_AGAIN = "send_again"


class TargetMissing(Invalid):
    """The delivery does not say to whom it goes."""

    code = "target_missing"


def target_of(preparation: Preparation) -> QuerySet[Recipient]:
    """The people of this analysis, each once. Raises TargetMissing, FilterError."""
    delivery = preparation.delivery
    if preparation.population_id is not None:
        members = PopulationMember.objects.filter(population=preparation.population_id)
        return Recipient.objects.filter(pk__in=members.values("recipient"))
    if delivery.proof_target is not None:
        return Recipient.objects.filter(pk__in=delivery.proof_target.get("recipients", []))
    if not delivery.target:
        raise TargetMissing(_("This delivery has no target: choose a list or write a filter."))
    if set(delivery.target) == {"list"}:
        return _of_list(delivery.target["list"])
    # The instant of the request: an analysis that starts again selects the same people.
    context = FilterContext(instant=preparation.requested_at, zone=ZoneInfo(settings.TIME_ZONE))
    return select(delivery.target, context)


def _of_list(number: object) -> QuerySet[Recipient]:
    chosen = RecipientList.objects.filter(pk=number).first() if isinstance(number, int) else None
    if chosen is None:
        raise TargetMissing(_("There is no recipient list %(number)s.") % {"number": number})
    members = RecipientListMember.objects.filter(recipient_list=chosen)
    return Recipient.objects.filter(pk__in=members.values("recipient"))


def skips_served(preparation: Preparation) -> bool:
    """True for the later analyses of a continuous delivery that writes to nobody twice."""
    return is_continued(preparation) and _already_in_delivery(preparation) == SKIP


def repeat_of(preparation: Preparation) -> int:
    """What keeps two rows of one person apart: 0, or the analysis' number where people are written to again."""
    continuous = preparation.delivery.kind == DeliveryKind.CONTINUOUS
    again = continuous and _already_in_delivery(preparation) == SEND_AGAIN
    return preparation.number if again else 0


def is_continued(preparation: Preparation) -> bool:
    return preparation.delivery.kind == DeliveryKind.CONTINUOUS and preparation.number > 1


def _already_in_delivery(preparation: Preparation) -> str:
    """What the activity said in the version of the workflow that the run started with."""
    activity, run = preparation.delivery.activity, preparation.workflow_run
    if activity is None:
        return SKIP
    nodes = run.version.definition.get("activities", []) if run is not None else []
    config = next((node["config"] for node in nodes if node["name"] == activity.name), activity.config)
    return str(config.get("already_in_delivery", SKIP))


def served(preparation: Preparation) -> Exists:
    """Condition over Recipient: already has a row in the delivery."""
    return Exists(Broadlog.objects.filter(delivery=preparation.delivery_id, recipient=OuterRef("pk")))
