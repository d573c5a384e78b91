"""A whole sender under its governor: our faults and outages end in a pause, limits in a slower pace."""

from __future__ import annotations

import pytest

from deliveries.channels.base import Result, SendResult
from deliveries.diagnosis import pending_causes
from deliveries.models import Broadlog, DeliveryPart, GroupState, MessageStatus, SendingLimit
from deliveries.mta.clock import database_now, monotonic
from recipients.models import Quarantine
from tests.deliveries.mta.conftest import send
from tests.deliveries.mta.connectors import USER_UNKNOWN, MemoryServer
from tests.deliveries.mta.factories import counters, make_route, make_sending

pytestmark = pytest.mark.usefixtures("in_loop")
REFUSED_US = SendResult(Result.UNSENT, detail="550 5.7.515 access denied", receiver_fault="550 5.7.515 access denied")


def _given_back() -> bool:
    return DeliveryPart.objects.exclude(throttled_by="").exists()


def test_f34_when_a_receiver_refuses_us_few_are_tried_all_stay_pending_and_the_diagnosis_says_why(
    server: MemoryServer,
) -> None:
    server.always = REFUSED_US
    delivery = make_sending(300)

    send(_given_back)

    assert len(server.arrived) <= 20
    assert Broadlog.objects.filter(status=MessageStatus.PENDING).count() == 300
    assert not Quarantine.objects.exists()
    part = DeliveryPart.objects.get()
    assert (part.throttled_by, part.attempt) == ("example.com", 0)
    delivery.refresh_from_db()
    told = [cause for cause in pending_causes(delivery, database_now()) if cause.code == "throttled"]
    assert "5.7.515" in told[0].detail
    assert told[0].until == part.due_at


def test_f33_when_a_receiver_refuses_everybody_few_fail_and_the_rest_waits(server: MemoryServer) -> None:
    server.always = USER_UNKNOWN
    delivery = make_sending(1000)

    send(_given_back)

    failed = counters(delivery)["failed"]
    assert failed <= 50
    assert Quarantine.objects.filter(status=Quarantine.Status.QUARANTINED).count() == failed
    assert Broadlog.objects.filter(status=MessageStatus.PENDING).count() == 1000 - failed
    assert GroupState.objects.get().suspected.startswith("550")


def test_a_limit_of_the_route_is_kept_and_all_is_sent(server: MemoryServer) -> None:
    SendingLimit.objects.create(route=make_route(), messages_per_second=40)
    delivery = make_sending(60)

    since = monotonic()
    send(lambda: counters(delivery) == {"sent": 60})

    assert monotonic() - since >= 1.0
    assert len(server.arrived) == 60
