"""Whose turn it is, without a database: parts in the hands of a lane, a governor that a test tells what to allow."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

import pytest

from deliveries.channels.base import OutgoingRow
from deliveries.mta.claims import Claim
from deliveries.mta.clock import monotonic
from deliveries.mta.destinations import COUNTED_PER_DOMAIN, Destinations
from deliveries.mta.governor import Hold
from deliveries.mta.held import HeldPart
from deliveries.mta.journal import Journal, PartKey
from deliveries.mta.receivers import Receivers, Taken, domain_of
from tests.deliveries.mta.connectors import ACCEPTED, NO_CONNECTION, MemoryRenderer
from tests.deliveries.mta.governors import ToldGovernor


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def part_of(journal: Journal, *addresses: str) -> HeldPart:
    rows = [OutgoingRow(number, address, {"first_name": "A"}) for number, address in enumerate(addresses, 1)]
    claim = Claim(PartKey(1, UUID(int=1)), 1, 1, (1, ""), 0, monotonic() + 600, rows=rows)
    return HeldPart(claim, MemoryRenderer(), journal)


def take_all(receivers: Receivers, session: int = 0, destination: str = "") -> list[Taken]:
    found = []
    while (taken := receivers.take(session, destination)) is not None:
        found.append(taken)
    return found


def addresses(taken: list[Taken]) -> list[str]:
    return [each.message.address for each in taken]


def test_without_limits_messages_leave_in_their_order(journal: Journal) -> None:
    receivers = Receivers([part_of(journal, "a@x.org", "b@y.org", "c@x.org")], ToldGovernor())

    assert addresses(take_all(receivers)) == ["a@x.org", "b@y.org", "c@x.org"]
    assert receivers.next_turn() is None


def test_a_receiver_that_takes_no_more_stands_in_nobodys_way(journal: Journal) -> None:
    part = part_of(journal, "a@slow.org", "b@slow.org", "c@other.org", "d@slow.org")
    governor = ToldGovernor(slow_org=1)
    receivers = Receivers([part], governor)

    assert addresses(take_all(receivers)) == ["a@slow.org", "c@other.org"]
    assert receivers.waiting() == {"slow.org": 2}
    assert receivers.next_turn() is not None

    governor.left["slow.org"] = 2
    time.sleep(0.05)
    assert addresses(take_all(receivers)) == ["b@slow.org", "d@slow.org"]


def test_receivers_that_had_to_wait_take_turns(journal: Journal) -> None:
    part = part_of(journal, *[f"{n}@one.org" for n in range(3)], *[f"{n}@two.org" for n in range(3)])
    governor = ToldGovernor(one_org=0, two_org=0)
    receivers = Receivers([part], governor)
    assert take_all(receivers) == []

    governor.left.update({"one.org": 3, "two.org": 3})
    time.sleep(0.05)

    domains = [taken.domain for taken in take_all(receivers)]
    assert domains in (["one.org", "two.org"] * 3, ["two.org", "one.org"] * 3)


def test_only_so_many_sessions_serve_a_receiver_at_once(journal: Journal) -> None:
    governor = ToldGovernor(few_org=None)
    governor.most_sessions["few.org"] = 1
    receivers = Receivers([part_of(journal, "a@few.org", "b@few.org")], governor)

    first = receivers.take(session=0)
    assert first is not None
    assert receivers.take(session=1) is None

    receivers.release(first, 0, unused=False)
    time.sleep(0.05)
    assert receivers.take(session=1) is not None


def test_what_did_not_leave_costs_no_allowance(journal: Journal) -> None:
    governor = ToldGovernor(slow_org=1)
    receivers = Receivers([part_of(journal, "a@slow.org")], governor)
    taken = receivers.take(0)
    assert taken is not None

    receivers.release(taken, 0, unused=True)

    assert governor.left == {"slow.org": 1}


@pytest.mark.parametrize(
    ("address", "domain"),
    [("Ann@Example.ORG", "example.org"), ("a@été.fr", "xn--t-9faa7a.fr"), ("+33600000000", ""), ("a@b@c.org", "c.org")],
)
def test_the_receiver_of_an_address_is_its_domain_as_servers_know_it(address: str, domain: str) -> None:
    assert domain_of(address) == domain or (address == "a@été.fr" and domain_of(address).startswith("xn--"))


def test_a_session_to_a_domain_takes_its_messages_alone(journal: Journal) -> None:
    destinations = Destinations([part_of(journal, "a@x.org", "b@y.org", "c@x.org")], ToldGovernor())

    assert addresses(take_all(destinations, destination="x.org")) == ["a@x.org", "c@x.org"]
    assert addresses(take_all(destinations, destination="z.org")) == []


def test_every_domain_gets_a_session_before_one_gets_two(journal: Journal) -> None:
    part = part_of(journal, *[f"{n}@big.org" for n in range(90)], "a@x.org", "a@y.org")
    destinations = Destinations([part], ToldGovernor())

    assert sorted(destinations.to_open({}, 2)) == ["big.org", "x.org"]
    assert destinations.to_open({"big.org": 1, "x.org": 1}, 3) == ["y.org"]
    assert destinations.to_open({"big.org": 1, "x.org": 1, "y.org": 1}, 4) == ["big.org"]
    assert destinations.to_open({"big.org": 1, "x.org": 1}, 2) == []


def test_a_domain_out_of_reach_is_left_alone_for_a_while(journal: Journal) -> None:
    part = part_of(journal, "a@gone.org", "b@gone.org", "c@here.org")
    destinations = Destinations([part], ToldGovernor())
    taken = destinations.take(0, "gone.org")
    assert taken is not None

    destinations.note(taken, NO_CONNECTION)

    assert destinations.is_out_of_reach("gone.org")
    assert destinations.take(0, "gone.org") is None
    assert destinations.to_open({}, 4) == ["here.org"]
    assert [(receiver, hold.reason) for receiver, hold in destinations.holds(part)] == [
        ("gone.org", "connection refused")
    ]
    destinations.note(taken, ACCEPTED)
    assert not destinations.is_out_of_reach("gone.org")


def test_one_domain_is_not_enough_to_do_for_a_lane(journal: Journal) -> None:
    part = part_of(journal, *[f"{n}@big.org" for n in range(COUNTED_PER_DOMAIN * 2)])

    assert Destinations([part], ToldGovernor()).sendable(1000) == COUNTED_PER_DOMAIN


def test_messages_that_wait_long_are_not_counted_as_sendable(journal: Journal) -> None:
    governor = ToldGovernor(slow_org=0)
    governor.holds["slow.org"] = Hold(60, None, "later")
    receivers = Receivers([part_of(journal, "a@slow.org", "b@x.org")], governor)
    take_all(receivers)

    assert receivers.sendable(10) == 0
