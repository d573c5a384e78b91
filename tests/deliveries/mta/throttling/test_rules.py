"""Which receiver a domain is, and which of the lines that fit it counts."""

from __future__ import annotations

import pytest

from deliveries.models import Affinity, ReceiverGroup, Route, SendingLimit
from deliveries.mta.throttling.providers import PROVIDERS, fill_providers
from deliveries.mta.throttling.rules import Limit, read_rules
from tests.deliveries.mta.throttling.worlds import limit, make_group, make_world

pytestmark = pytest.mark.django_db


def test_an_installation_begins_with_the_big_providers_and_keeps_what_people_change() -> None:
    assert ReceiverGroup.objects.count() == len(PROVIDERS)
    google = ReceiverGroup.objects.get(internal_name="google")
    google.limits.update(connections=1)
    ReceiverGroup.objects.filter(internal_name="free").delete()

    fill_providers()

    assert google.limits.get().connections == 1
    assert not ReceiverGroup.objects.filter(internal_name="free").exists()


@pytest.mark.parametrize(
    ("domain", "hosts", "receiver"),
    [
        ("gmail.com", [], "google"),
        ("company.example", ["aspmx.l.google.com."], "google"),
        ("hotmail.co.uk", [], "microsoft-consumer"),
        ("company.example", ["company-example.mail.protection.outlook.com"], "microsoft-365"),
        ("msn.com", ["msn-com.olc.protection.outlook.com"], "microsoft-consumer"),
        ("yahoo.fr", [], "yahoo"),
        ("yahoo.co.jp", [], "yahoo-japan"),
        ("wanadoo.fr", [], "orange"),
        ("neuf.fr", [], "sfr"),
    ],
)
def test_a_domain_belongs_to_its_provider_by_name_or_by_its_mail_servers(
    domain: str, hosts: list[str], receiver: str
) -> None:
    route = Route.objects.create(label="Direct", url="mx://")

    group = read_rules(route, "").group_of(domain, hosts)

    assert group is not None and group.name == receiver


def test_the_most_specific_line_counts() -> None:
    world = make_world()
    big = make_group()
    affinity = Affinity.objects.create(name="news")
    limit(connections=9)
    limit(big, connections=5)
    limit(big, connections=3, affinity=affinity)
    limit(big, connections=2, affinity=affinity, route=world.route)
    elsewhere = Route.objects.create(label="Elsewhere", url="mx://")

    assert read_rules(world.route, "").limit_of("other.example") == Limit(connections=9)
    assert read_rules(world.route, "").limit_of("big") == Limit(connections=5)
    assert read_rules(elsewhere, "news").limit_of("big") == Limit(connections=3)
    assert read_rules(world.route, "news").limit_of("big") == Limit(connections=2)


def test_a_line_that_is_not_in_force_counts_for_nothing() -> None:
    world = make_world()
    limit(make_group(), connections=1, enabled=False)

    assert read_rules(world.route, "").limit_of("big") == Limit()


def test_a_relay_minds_the_providers_unless_a_line_names_its_route() -> None:
    world = make_world("smtp://relay.example:25")
    big = make_group()
    limit(big, connections=5)
    unnamed = world.process()
    SendingLimit.objects.create(group=big, route=world.route, messages_per_second=2)
    named = world.process()

    assert unnamed.receiver_of("big.example") == ""
    assert unnamed.connections("big") is None
    assert named.receiver_of("big.example") == "big"
    assert named.connections("big") is None


def test_a_domain_without_a_group_is_a_receiver_of_its_own_where_a_general_line_applies() -> None:
    world = make_world()
    limit(connections=4, messages_per_connection=50)

    governor = world.process()

    assert governor.receiver_of("small.example") == "small.example"
    assert governor.messages_per_connection("small.example") == 50


def test_a_hosted_domain_joins_its_provider_when_its_mail_servers_are_known() -> None:
    world = make_world()
    limit(make_group(mail_servers="*.big.example"), messages_per_connection=7)
    hosts: dict[str, list[str]] = {}
    governor = world.process(mail_servers=lambda domain: hosts.get(domain, []))
    before = governor.receiver_of("hosted.example")

    hosts["hosted.example"] = ["mx1.big.example."]
    world.pass_time(16)
    governor.refresh({}, world.now)

    assert (before, governor.receiver_of("hosted.example")) == ("", "big")


def test_rules_that_people_change_count_within_seconds() -> None:
    world = make_world()
    governor = world.process()
    assert governor.receiver_of("big.example") == ""

    limit(make_group(), messages_per_connection=7)
    world.pass_time(16)
    governor.refresh({}, world.now)

    assert governor.receiver_of("big.example") == "big"


def test_nothing_leaves_before_the_rules_are_read() -> None:
    from deliveries.mta.throttling import governor_for

    governor = governor_for(make_world().route, "")

    assert governor.receiver_of("big.example") == "big.example"
    assert not governor.take("big.example")
    assert governor.hold("big.example") is not None
