"""One row behind every list of the API, made through the parts that write them."""

from __future__ import annotations

from datetime import datetime

from deliveries.models import Affinity, Broadlog, DeliveryTemplate, Route, TrackedUrl, Typology, WarmUp
from deliveries.models.inbound import InboundMail, InboundSource
from deliveries.mta.throttling.states import hold_receiver
from deliveries.signing_keys import create_key
from installation.models import Process
from installation.processes import register_process
from operations.models import Plan, Program, Transition
from recipients.models import Quarantine, RecipientList, Service, Subscription
from tests.deliveries.factories import make_activity, make_template, run_once
from tests.factories import make_recipient
from tracking.intake import record_hit
from tracking.models import HitKind
from tracking.robots import Visitor

HTML = (
    '<p>Hello {{ recipient.first_name }}, <a href="https://example.com/offer">see</a></p>'
    '<p><a href="{{ message.unsubscribe_url }}">Unsubscribe</a></p>\n'
)


def make_world(now: datetime) -> None:
    """A recurring delivery that one person got and opened, with everything that it was made with."""
    person = make_recipient(1, birth_date=now.date(), mobile_phone="+33600000000", gender="female")
    service = Service.objects.create(label="Newsletter", internal_name="newsletter")
    Subscription.objects.create(service=service, recipient=person, created_at=now)
    RecipientList.objects.create(label="Customers", internal_name="customers")
    Quarantine.objects.create(channel="email", address="gone@example.com", status=Quarantine.Status.QUARANTINED)
    source = InboundSource.objects.create(label="Bounces", kind="maildir", url="maildir:/var/mail/bounces")
    InboundMail.objects.create(key="1", source=source, received_at=now, outcome=InboundMail.Outcome.NO_TOKEN)
    plan = Plan.objects.create(label="2026", internal_name="2026")
    program = Program.objects.create(label="Loyalty", internal_name="loyalty", plan=plan)
    typology = Typology.objects.create(label="Strict", internal_name="strict")
    route = Route.objects.create(label="Relay", internal_name="relay", channel="email", is_default=True)
    affinity = Affinity.objects.create(name="bulk")
    WarmUp.objects.create(affinity=affinity, starts_on=now.date(), first_day=50, ceiling=1000)
    create_key(domain="example.com", algorithm="ed25519-sha256", now=now)
    hold_receiver(route.pk, "bulk", "example.com", reason="Holidays")
    template = make_template(html=HTML, service=service, typology=typology, route=route, affinity=affinity)
    activity = make_activity("recurring_delivery", template=template.pk, action="prepare")
    Transition.objects.get_or_create(source=activity, target=activity.workflow.activities.get(name="end"))
    operation = activity.workflow.operation
    assert operation is not None
    operation.program = program
    operation.save()
    delivery = run_once(activity, [person], now=now)
    message = Broadlog.objects.get(delivery=delivery)
    link = TrackedUrl.objects.filter(content_version__delivery=delivery, kind="click").get()
    record_hit(message=message, kind=HitKind.CLICK, visitor=Visitor("Mozilla/5.0"), tracked_url=link, now=now)
    register_process(kind=Process.Kind.MTA, name="default", now=now)
    assert DeliveryTemplate.objects.filter(activity=activity).exists()
