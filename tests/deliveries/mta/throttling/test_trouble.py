"""Our own faults and a provider's outage stop a receiver, and fail nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.channels.base import Result
from deliveries.models import GroupState
from deliveries.mta.throttling.breaker import normalised
from deliveries.mta.throttling.states import NotPaused, hold_receiver, resume_receiver
from tests.deliveries.mta.throttling.worlds import ACCEPTED, NOT_US, make_group, make_world, unknown_user

pytestmark = pytest.mark.django_db


def test_f34_a_receiver_that_refuses_us_is_paused_at_once_and_for_all_processes() -> None:
    world = make_world("smtp://relay.example")
    make_group()
    ours, other = world.process(), world.process()

    answer = ours.note("big.example", NOT_US)
    held_here = ours.hold(ours.receiver_of("big.example"))
    ours.refresh({}, world.now)
    other.refresh({}, world.now)
    held_there = other.hold(other.receiver_of("big.example"))

    assert answer.result is Result.UNSENT
    assert held_here is not None and held_there is not None
    assert not other.take("big")
    assert held_there.until == world.now + timedelta(minutes=30)
    assert "5.7.26" in held_there.reason


def test_f34_each_pause_is_longer_than_the_one_before() -> None:
    world = make_world()
    governor = world.process()
    lengths = []
    for _pause in range(5):
        governor.note("small.example", NOT_US)
        governor.refresh({}, world.now)
        state = GroupState.objects.get()
        assert state.paused_until is not None
        lengths.append((state.paused_until - world.now) / timedelta(minutes=30))
        world.pass_time((state.paused_until - world.now).total_seconds() + 1)
        governor.refresh({}, world.now)

    assert lengths == [1, 2, 4, 8, 8]


def test_f33_an_outage_that_refuses_everybody_fails_few_and_pauses_the_receiver() -> None:
    world = make_world("smtp://relay.example")
    governor = world.process()

    answers = [governor.note("big.example", unknown_user(number)) for number in range(1000)]

    applied = [answer for answer in answers if answer.result is Result.REFUSED]
    assert len(applied) < 50
    assert {answer.result for answer in answers[50:]} == {Result.DEFERRED}
    hold = governor.hold(governor.receiver_of("big.example"))
    assert hold is not None and "5.1.1" in hold.reason


def test_f33_an_outage_that_begins_amid_good_answers_is_seen_too() -> None:
    world = make_world()
    governor = world.process()
    for _message in range(500):
        governor.note("big.example", ACCEPTED)

    answers = [governor.note("big.example", unknown_user(number)) for number in range(100)]

    assert sum(1 for answer in answers if answer.result is Result.REFUSED) < 50


def test_f33_dead_addresses_among_living_ones_fail_as_they_should() -> None:
    world = make_world()
    governor = world.process()

    answers = [governor.note("big.example", unknown_user(n) if n % 3 == 0 else ACCEPTED) for n in range(3000)]

    assert sum(1 for answer in answers if answer.result is Result.REFUSED) == 1000
    assert governor.receiver_of("big.example") == ""


def test_f33_after_the_pause_the_same_words_fail_nobody_until_messages_are_taken_again() -> None:
    world = make_world()
    governor = world.process()
    for number in range(30):
        governor.note("big.example", unknown_user(number))
    governor.refresh({}, world.now)
    world.pass_time(1801)
    fresh = world.process()

    still_out = fresh.note("big.example", unknown_user(31))
    for _message in range(5):
        fresh.note("big.example", ACCEPTED)
    well_again = fresh.note("big.example", unknown_user(32))

    assert (still_out.result, well_again.result) == (Result.DEFERRED, Result.REFUSED)


def test_replies_are_compared_without_what_names_one_message() -> None:
    one = normalised("550 5.1.1 <ada@example.com>: user unknown (id 4fX12-99)")
    other = normalised("550 5.1.1 <bob@example.net>:  User unknown (id 8aB77-13)")

    assert one == other == "550 # #: user unknown (id #)"


def test_somebody_pauses_a_receiver_and_resumes_it() -> None:
    world = make_world()
    governor = world.process()
    hold_receiver(world.route.pk, "", "small.example", reason="Holidays")
    governor.refresh({}, world.now)
    held = governor.hold(governor.receiver_of("small.example"))

    resume_receiver(GroupState.objects.get(), now=world.now)
    world.pass_time(1)
    governor.refresh({}, world.now)

    assert held is not None and (held.until, held.reason) == (None, "Holidays")
    assert governor.receiver_of("small.example") == ""
    with pytest.raises(NotPaused):
        resume_receiver(GroupState.objects.get(), now=world.now)
