from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.models import Affinity, Broadlog, Delivery, DeliveryPart, DeliveryState, PartState, Route
from deliveries.mta.claims import LEASE, Claim, Reads, claim_part
from operations.workflow import added_data, populations
from recipients.models import Quarantine, Recipient
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.mta.connectors import MemoryChannel
from tests.deliveries.mta.factories import counters, make_route, make_sending, rows_of, statuses
from tests.operations.factories import activity, drawing, run_drawing, task_of

pytestmark = pytest.mark.usefixtures("channel", "db")


def claim(*affinities: str, uid: str = "one") -> Claim | None:
    return claim_part(uid=uid, affinities=affinities)


def addresses(claimed: Claim | None) -> list[str]:
    return [row.address for row in claimed.rows] if claimed else []


def test_a_part_is_claimed_once_with_its_rows_under_a_lease() -> None:
    delivery = make_sending(5, part_size=3)

    first, second, third = claim(), claim(uid="two"), claim(uid="three")

    assert len(addresses(first)) + len(addresses(second)) == 5
    assert set(addresses(first)).isdisjoint(addresses(second))
    assert third is None
    part = DeliveryPart.objects.filter(delivery=delivery, claimed_by="one").get()
    assert (part.state, part.claim_token) == (PartState.CLAIMED, first and first.key.token)
    assert part.lease_until is not None
    assert timedelta(0) <= timezone.now() + LEASE - part.lease_until < timedelta(seconds=10)


def test_a_row_carries_plain_values_of_its_recipient() -> None:
    make_sending(1)
    Recipient.objects.update(attributes={"city": "Metz"})

    claimed = claim()

    assert claimed is not None
    assert claimed.rows[0].recipient["first_name"] == "First1"
    assert claimed.rows[0].recipient["attributes"] == {"city": "Metz"}


@pytest.mark.parametrize("state", [DeliveryState.START_PENDING, DeliveryState.PAUSING, DeliveryState.PAUSED])
def test_nothing_is_claimed_from_a_delivery_that_is_not_being_sent(state: DeliveryState) -> None:
    make_sending(1, state=state)

    assert claim() is None


@pytest.mark.parametrize(
    "values",
    [{"stop_requested": True}, {"valid_until": timezone.now() - timedelta(seconds=1)}],
    ids=["stop", "expired"],
)
def test_nothing_is_claimed_from_a_delivery_that_is_ending(values: dict[str, Any]) -> None:
    make_sending(1, **values)

    assert claim() is None


def test_a_part_waits_for_its_due_instant() -> None:
    make_sending(1, state=DeliveryState.RETRY_PENDING)
    DeliveryPart.objects.update(due_at=timezone.now() + timedelta(minutes=1))

    assert claim() is None

    DeliveryPart.objects.update(due_at=timezone.now())
    assert claim() is not None


def test_a_paused_route_gives_nothing_until_its_pause_is_over() -> None:
    make_sending(1)
    Route.objects.update(paused=True, paused_until=timezone.now() + timedelta(minutes=1))
    assert claim() is None

    Route.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    assert claim() is not None


def test_a_busy_route_is_left_alone_and_the_others_go_on() -> None:
    make_sending(1)
    other = Route.objects.create(channel="memory", label="other", internal_name="other")
    slow = make_sending(2, route=other)
    busy = make_route().pk

    claimed = claim_part(uid="one", affinities=[], busy=[(busy, "")])

    assert claimed is not None
    assert (claimed.delivery_id, claimed.lane) == (slow.pk, (other.pk, ""))
    assert claim_part(uid="one", affinities=[], busy=[(busy, ""), (other.pk, "")]) is None


def test_the_highest_priority_goes_first() -> None:
    make_sending(1, priority=Delivery.Priority.LOW)
    urgent = make_sending(1, priority=Delivery.Priority.HIGH)

    claimed = claim()

    assert claimed is not None
    assert claimed.delivery_id == urgent.pk


def test_an_affinity_is_served_only_by_processes_that_serve_it() -> None:
    make_sending(1, affinity=Affinity.objects.create(name="gold"))

    assert claim() is None
    assert claim("silver") is None
    assert claim("silver", "gold") is not None


def test_a_delivery_without_affinity_is_served_by_every_process() -> None:
    make_sending(1)

    assert claim("gold") is not None


def test_those_who_opted_out_since_the_analysis_are_ignored_with_the_reason(channel: MemoryChannel) -> None:
    delivery = make_sending(5)
    Recipient.objects.filter(email="person1@example.com").update(denylist_email=True)
    Recipient.objects.filter(email="person2@example.com").update(denylist_all=True)
    Broadlog.objects.filter(address="person3@example.com").update(address="Person3@Example.com")
    for number, status in ((3, Quarantine.Status.QUARANTINED), (4, Quarantine.Status.VALID)):
        Quarantine.objects.create(channel="memory", address=f"person{number}@example.com", status=status)

    claimed = claim()

    assert addresses(claimed) == ["person4@example.com", "person5@example.com"]
    assert statuses(delivery) == ["ignored", "ignored", "ignored", "pending", "pending"]
    reasons = [row.failure_reason for row in rows_of(delivery)[:3]]
    assert reasons == [FailureReason.DENYLISTED, FailureReason.DENYLISTED, FailureReason.QUARANTINED]
    assert {row.failure_type for row in rows_of(delivery)[:3]} == {FailureType.IGNORED}
    assert counters(delivery) == {"pending": 2, "ignored": 3}


def test_a_proof_goes_to_people_of_the_house_whatever_they_opted_out_of() -> None:
    make_sending(1, kind="proof")
    Recipient.objects.update(denylist_email=True)

    assert addresses(claim()) == ["person1@example.com"]


def test_rows_in_doubt_and_rows_of_other_deliveries_are_not_read() -> None:
    delivery = make_sending(3)
    other = make_sending(1)
    Broadlog.objects.filter(delivery=delivery, address="person2@example.com").update(in_doubt_since=timezone.now())
    DeliveryPart.objects.filter(delivery=delivery).update(last_id=rows_of(other)[0].pk)
    DeliveryPart.objects.filter(delivery=other).delete()

    assert addresses(claim()) == ["person1@example.com", "person3@example.com"]


def test_a_bare_address_of_a_proof_has_no_recipient() -> None:
    make_sending(1)
    Broadlog.objects.update(recipient=None)

    claimed = claim()

    assert claimed is not None
    assert claimed.rows[0].recipient["first_name"] is None


@pytest.mark.parametrize("count", [3, 300])
def test_a_claim_takes_the_same_number_of_queries_whatever_the_size(count: int) -> None:
    make_sending(count)

    with CaptureQueriesContext(connection) as queries:
        claim()

    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 10


OLD_ROWS = """
INSERT INTO deliveries_broadlog (delivery_id, preparation_id, recipient_id, repeat, address, status, failure_detail,
    attempts, updated_at)
SELECT 1000000 + number / 10, 0, number, 0, 'old', 1, '', 1, now() FROM generate_series(1, 30000) AS number
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="The planner of PostgreSQL.")
def test_a_claim_reads_its_part_by_number_whatever_the_statistics_say() -> None:
    # Many small deliveries, says the sample; the one that is being sent came later.
    with connection.cursor() as cursor:
        cursor.execute(OLD_ROWS)
        cursor.execute("ANALYZE deliveries_broadlog")
    make_sending(1000)
    with CaptureQueriesContext(connection) as captured:
        claim()
    reading = next(query["sql"] for query in captured if re.match(r'SELECT "deliveries_broadlog"', query["sql"]))

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {reading}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "deliveries_broadlog_pkey" in plan
    assert "broadlog_once_per_recipient" not in plan


def with_workflow(delivery: Delivery, *, added: bool) -> None:
    """The delivery as one that a workflow made, with or without data added to its people."""
    task = task_of(
        run_drawing(drawing([activity("s", "start"), activity("e", "end")], "s → e"), now=timezone.now()), "s"
    )
    population = populations.store(task, "out", Recipient.objects.values_list("pk"))
    delivery.preparations.update(population=population)
    if added:
        first = Recipient.objects.order_by("pk")[:1]
        added_data.add(population, Recipient.objects.filter(pk__in=first), {"shop": F("first_name")})


def test_a_row_carries_what_the_workflow_added_to_its_recipient() -> None:
    with_workflow(make_sending(2), added=True)

    claimed = claim()

    assert [row.added for row in (claimed.rows if claimed else [])] == [{"shop": "First1"}, None]


def test_added_data_costs_the_other_deliveries_nothing() -> None:
    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            claim()
        return [query["sql"] for query in queries.captured_queries]

    make_sending(1)
    alone = statements()
    with_workflow(make_sending(1), added=False)
    without = statements()
    with_workflow(make_sending(1), added=True)
    added = statements()

    def shape(found: list[str]) -> list[str]:
        values = [re.sub(r"\d+|'[^']*'", "?", statement) for statement in found]
        return [re.sub(r"\((\?, )+\?\)", "(?)", statement) for statement in values]

    assert shape(without) == shape(alone)
    assert not any("populationdata" in statement for statement in without)
    # One statement reads the data of a whole part: the one that reads its rows.
    assert len(added) == len(alone)


def test_transactional_messages_go_before_proofs_and_proofs_before_the_others() -> None:
    values: list[dict[str, Any]] = [
        {"priority": Delivery.Priority.LOW},
        {"priority": Delivery.Priority.NORMAL},
        {"priority": Delivery.Priority.HIGH},
        {"priority": Delivery.Priority.LOW, "kind": "proof"},
        {"priority": Delivery.Priority.TRANSACTIONAL},
    ]
    deliveries = [make_sending(1, **each) for each in values]

    claimed = [found.delivery_id for _each in deliveries if (found := claim())]

    assert claimed == [delivery.pk for delivery in reversed(deliveries)]


def test_nothing_starves_because_now_and_then_what_was_due_first_is_claimed() -> None:
    low = make_sending(1, priority=Delivery.Priority.LOW)
    make_sending(1, priority=Delivery.Priority.TRANSACTIONAL)
    DeliveryPart.objects.filter(delivery=low).update(due_at=timezone.now() - timedelta(hours=1))

    claimed = claim_part(uid="one", affinities=[], oldest_first=True)

    assert claimed is not None
    assert claimed.delivery_id == low.pk


def test_only_what_the_content_reads_is_read() -> None:
    delivery = make_sending(1)
    asked: list[tuple[int, int]] = []

    def reads(delivery_id: int, version_id: int) -> Reads:
        asked.append((delivery_id, version_id))
        return Reads(frozenset({"last_name"}), added=False)

    claimed = claim_part(uid="one", affinities=[], reads=reads)

    assert claimed is not None
    assert claimed.rows[0].recipient == {"last_name": ""}
    assert asked == [(delivery.pk, claimed.version_id)]


def test_the_statement_that_reads_the_rows_looks_at_the_delivery_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_sending(1)

    def stopped_meanwhile(_delivery: int, _version: int) -> Reads:
        Delivery.objects.update(stop_requested=True)
        return Reads()

    claimed = claim_part(uid="one", affinities=[], reads=stopped_meanwhile)

    assert claimed is not None
    assert claimed.rows == []


def test_a_part_that_was_throttled_is_claimed_as_any_other() -> None:
    make_sending(1)
    DeliveryPart.objects.update(throttled_by="slow.example", throttle_reason="later")

    assert claim() is not None
    assert DeliveryPart.objects.values_list("throttled_by", "throttle_reason").get() == ("", "")
