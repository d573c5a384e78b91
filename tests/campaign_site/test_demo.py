"""The demo's people, progress and checks (the whole demo runs in tests/flows)."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest

from campaign_site.demo.filling import demo_password, last_morning
from campaign_site.demo.people import add_people, customers
from campaign_site.demo.progress import Progress
from campaign_site.demo.story import find_story, start_story, tell_story
from operations import services
from operations.models import WorkflowState
from recipients.models import Recipient


def test_the_same_customers_come_at_every_start() -> None:
    now = datetime(2025, 10, 6, tzinfo=UTC)
    first, second = (list(customers(count=300, today=now.date(), now=now)) for _ in range(2))

    assert [person.email for person in first] == [person.email for person in second]


@pytest.mark.django_db
def test_a_second_start_leaves_the_workflows_as_they_were_left() -> None:
    now = datetime(2025, 10, 6, tzinfo=UTC)
    start_story(tell_story(now=now), now=now)
    story = find_story()
    assert story is not None
    services.pause_workflow(story.welcome, now=now)

    start_story(story, now=now)

    story.birthday.refresh_from_db()
    story.welcome.refresh_from_db()
    assert (story.birthday.state, story.welcome.state) == (WorkflowState.STARTED, WorkflowState.PAUSED)


def test_a_tenth_of_the_customers_have_their_birthday_on_the_day_even_on_29_february() -> None:
    today = date(2024, 2, 29)
    people = customers(count=2000, today=today, now=datetime(2024, 2, 29, tzinfo=UTC))
    born = [
        person for person in people if person.birth_date and (person.birth_date.month, person.birth_date.day) == (2, 29)
    ]

    assert 150 < len(born) < 260


def test_every_flaw_of_a_real_file_is_there() -> None:
    people = list(customers(count=2000, today=date(2025, 10, 6), now=datetime(2025, 10, 6, tzinfo=UTC)))
    addresses = [person.email.lower() for person in people if person.email]

    assert any(not person.email for person in people)
    assert any("@" not in address for address in addresses)
    assert any(person.denylist_email for person in people)
    assert len(set(addresses)) < len(addresses)


@pytest.mark.django_db
def test_customers_are_inserted_in_batches_that_tell_how_far_they_are() -> None:
    told: list[int] = []
    add_people(count=4100, today=date(2025, 10, 6), now=datetime(2025, 10, 6, tzinfo=UTC), show=told.append)

    assert told == [2000, 4000, 4100]
    assert Recipient.objects.count() == 4100


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2025-10-06T04:00:00+00:00", "2025-10-06T04:00:00+00:00"),
        ("2025-10-06T03:59:00+00:00", "2025-10-05T04:00:00+00:00"),
        ("2025-12-06T12:00:00+00:00", "2025-12-06T05:00:00+00:00"),
    ],
)
def test_the_last_morning_is_the_newest_six_o_clock_in_paris(now: str, morning: str) -> None:
    assert last_morning(datetime.fromisoformat(now)) == datetime.fromisoformat(morning)


@pytest.mark.django_db
def test_the_demo_login_keeps_its_password() -> None:
    assert demo_password() == demo_password()


def test_progress_prints_a_line_per_tenth_where_there_is_no_terminal() -> None:
    output = io.StringIO()
    progress = Progress("Customers", 1000, output)
    for done in range(0, 1001, 10):
        progress.show(done)

    lines = output.getvalue().splitlines()
    assert len(lines) == 11
    assert "1,000/1,000" in lines[-1]
