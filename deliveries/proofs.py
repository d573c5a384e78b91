"""Proofs: a small delivery of its own that shows the content to a few people before anybody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid, Refused
from deliveries.channels.registry import channels
from deliveries.models import Delivery, DeliveryKind, DeliveryTemplate, Preparation, RequestedAction
from deliveries.models.delivery import NO_PROOF_FROM_RECURRING
from deliveries.preparation.pipeline import run_preparation
from deliveries.preparation.request import request_preparation
from deliveries.templates import COPIED_FIELDS
from operations.models import Activity, ActivityRun
from recipients.models import Recipient

MAXIMUM = 100
RECURRING_ACTIVITY = "recurring_delivery"


class ProofNotAllowed(Refused):
    """A recurring delivery, its activity and its template have no proofs."""

    code = "proof_not_allowed_for_recurring"


class NothingToProve(Invalid):
    """What was named has no content of which a proof could be sent."""


class InvalidProofTarget(Invalid):
    """The people or addresses of the proof are wrong."""


class ProofOfProof(IllegalState):
    """A proof is proved by the delivery that it comes from."""


def send_proof(
    of: Delivery | DeliveryTemplate | Activity,
    *,
    now: datetime,
    recipients: Sequence[int] | None = None,
    addresses: Sequence[str] | None = None,
) -> Delivery:
    """Make, prepare and confirm a numbered proof. Its state says whether the analysis passed (`error` has the reason).

    Raises ProofNotAllowed, NothingToProve, InvalidProofTarget, ProofOfProof.
    """
    preparation = request_proof(of, now=now, recipients=recipients, addresses=addresses)
    run_preparation(preparation=preparation, now=now)
    proof = preparation.delivery
    proof.refresh_from_db()
    return proof


@transaction.atomic
def request_proof(
    of: Delivery | DeliveryTemplate | Activity,
    *,
    now: datetime,
    recipients: Sequence[int] | None = None,
    addresses: Sequence[str] | None = None,
    task: ActivityRun | None = None,
) -> Preparation:
    """Make a numbered proof and ask for its analysis, which a worker does. Raises what `send_proof` raises."""
    source = _source(of)
    proof = _create(source, _target(source, recipients, addresses), now)
    return request_preparation(delivery=proof, action=RequestedAction.PREPARE_AND_START, now=now, task=task)


def refusal(of: Delivery | DeliveryTemplate | Activity) -> str:
    """Why no proof can be sent from it, to be shown beside the disabled button; empty when one can."""
    return str(NO_PROOF_FROM_RECURRING) if _is_recurring(of) else ""


def _is_recurring(of: Delivery | DeliveryTemplate | Activity) -> bool:
    if isinstance(of, Delivery):
        return Delivery.refuses_proofs_of(of)
    activity = of if isinstance(of, Activity) else of.activity
    return activity is not None and activity.type == RECURRING_ACTIVITY


def _source(of: Delivery | DeliveryTemplate | Activity) -> Delivery | DeliveryTemplate:
    if _is_recurring(of):
        raise ProofNotAllowed(NO_PROOF_FROM_RECURRING)
    if isinstance(of, Delivery) and of.kind == DeliveryKind.PROOF:
        raise ProofOfProof(_("This is a proof: send another one from the delivery that it comes from."))
    return _template_of(of) if isinstance(of, Activity) else of


def _template_of(activity: Activity) -> DeliveryTemplate:
    """The content of an activity: its local template, or the shared one that a continuous delivery follows."""
    local = DeliveryTemplate.objects.filter(activity=activity).first()
    template = local or DeliveryTemplate.objects.filter(pk=activity.config.get("template")).first()
    if template is None:
        raise NothingToProve(_("The activity “%(name)s” sends nothing.") % {"name": activity})
    return template


def _target(
    source: Delivery | DeliveryTemplate, recipients: Sequence[int] | None, addresses: Sequence[str] | None
) -> dict[str, list[Any]]:
    if bool(recipients) == bool(addresses):
        raise InvalidProofTarget(_("Name the recipients or the addresses of the proof, one of the two."))
    number = len(recipients or addresses or ())
    if number > MAXIMUM:
        message = _("A proof goes to at most %(maximum)d people, not %(number)d.")
        raise InvalidProofTarget(message % {"maximum": MAXIMUM, "number": number})
    if recipients:
        return {"recipients": _known(recipients)}
    return {"addresses": _valid(source.channel, addresses or ())}


def _known(recipients: Sequence[int]) -> list[int]:
    known = set(Recipient.objects.filter(pk__in=recipients).values_list("pk", flat=True))
    unknown = [str(number) for number in recipients if number not in known]
    if unknown:
        message = _("There is no recipient %(numbers)s.") % {"numbers": ", ".join(unknown)}
        raise InvalidProofTarget(message, fields={"recipients": [message]})
    return sorted(known)


def _valid(channel: str, addresses: Sequence[str]) -> list[str]:
    if channel not in channels:
        raise InvalidProofTarget(_("There is no channel “%(channel)s”.") % {"channel": channel})
    try:
        return [channels.get(channel).check_address(address) for address in addresses]
    except ValueError as error:
        raise InvalidProofTarget(str(error), fields={"addresses": [str(error)]}) from error


def _create(source: Delivery | DeliveryTemplate, target: dict[str, list[Any]], now: datetime) -> Delivery:
    parent = source if isinstance(source, Delivery) else None
    template = source.template if isinstance(source, Delivery) else source
    number = _next_number(source)
    prefix = _("Proof #%(number)d ") % {"number": number}
    proof = Delivery(
        **{name: getattr(source, name) for name in COPIED_FIELDS},
        kind=DeliveryKind.PROOF,
        label=f"{prefix}{source.label}"[:250],
        template=template,
        operation=_operation(source),
        proof_of=parent,
        proof_of_kind=parent.kind if parent else "",
        proof_number=number,
        proof_target=target,
        created_at=now,
    )
    proof.subject = f"{prefix}{source.subject}"[:500] if source.subject.strip() else ""
    proof.clean()
    proof.save()
    return proof


def _next_number(source: Delivery | DeliveryTemplate) -> int:
    """The proofs of one parent are numbered from 1; its lock keeps two at once apart."""
    type(source)._default_manager.select_for_update().get(pk=source.pk)
    last = _siblings(source).aggregate(last=Max("proof_number"))["last"]
    return (last or 0) + 1


def _siblings(source: Delivery | DeliveryTemplate) -> QuerySet[Delivery]:
    proofs = Delivery.objects.filter(kind=DeliveryKind.PROOF)
    if isinstance(source, Delivery):
        return proofs.filter(proof_of=source)
    return proofs.filter(proof_of__isnull=True, template=source)


def _operation(source: Delivery | DeliveryTemplate) -> Any:
    if isinstance(source, Delivery):
        return source.operation
    return source.activity.workflow.operation if source.activity else None
