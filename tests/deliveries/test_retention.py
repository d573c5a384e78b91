"""Old logs disappear a little at a time; what a delivery says of itself stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from deliveries.ledger import check
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, InboundMail
from deliveries.mta.journal import journal_folder
from deliveries.recompute import RowsPurged, recompute
from installation import retention
from installation.options import set_option
from installation.retention import due, purge
from operations.models import Population, PopulationMember
from tests.deliveries.factories import analyse, make_activity, make_delivery, make_population, make_task
from tests.factories import make_recipients
from tracking.consolidation import recompute_indicators
from tracking.models import TrackingLog

pytestmark = pytest.mark.django_db
YEARS = timedelta(days=800)


@pytest.fixture
def old(now: datetime) -> Delivery:
    """A delivery of five people that ended 800 days ago, opened twice."""
    make_recipients(5)
    delivery = make_delivery(now)
    analyse(delivery, now=now)
    Broadlog.objects.filter(delivery=delivery).update(status=1)
    ended = {"state": DeliveryState.FINISHED, "ended_at": now - YEARS, "pending": 0, "sent": 5, "opened": 2}
    Delivery.objects.filter(pk=delivery.pk).update(**ended)
    for row in Broadlog.objects.filter(delivery=delivery)[:2]:
        TrackingLog.objects.create(delivery=delivery, broadlog=row, kind="open", at=now - YEARS)
    delivery.refresh_from_db()
    return delivery


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retention, "BATCH", 2)
    yield


def purge_all(now: datetime, **options: Any) -> dict[str, int]:
    return {kind.code: kind.rows for kind in purge(now=now, rest=lambda seconds: None, **options) if kind.rows}


def test_logs_that_are_too_old_are_deleted_and_the_counters_stay(old: Delivery, now: datetime) -> None:
    before = old.counts()

    assert purge_all(now) == {"broadlogs": 6, "tracking": 2}

    old.refresh_from_db()
    assert not Broadlog.objects.exists() and not TrackingLog.objects.exists() and not DeliveryPart.objects.exists()
    assert old.counts() == before
    assert check().ok
    assert purge_all(now) == {}


def test_counters_of_a_purged_delivery_are_never_computed_from_what_is_left(old: Delivery, now: datetime) -> None:
    purge_all(now)
    old.refresh_from_db()

    with pytest.raises(RowsPurged):
        recompute(old, now=now)
    recompute_indicators(old.pk, now=now)

    old.refresh_from_db()
    assert (old.sent, old.opened) == (5, 2)


@pytest.mark.parametrize(
    "change", [{"state": DeliveryState.IN_PROGRESS}, {"in_doubt": 1}, {"kind": "continuous"}, {"ended_at": None}]
)
def test_a_delivery_that_is_not_over_keeps_its_log(old: Delivery, now: datetime, change: dict[str, Any]) -> None:
    Delivery.objects.filter(pk=old.pk).update(**change)

    assert purge_all(now) == {}


def test_younger_logs_stay(old: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=old.pk).update(ended_at=now - timedelta(days=729))

    assert purge_all(now) == {}


def test_no_days_means_for_ever(old: Delivery, now: datetime) -> None:
    set_option("RETENTION_BROADLOGS_DAYS", 0)
    set_option("RETENTION_TRACKING_DAYS", 0)

    assert purge_all(now) == {}


def test_every_batch_is_told_and_followed_by_a_rest(old: Delivery, now: datetime) -> None:
    told: list[tuple[str, int]] = []
    rests: list[float] = []

    list(purge(now=now, on_batch=lambda code, rows: told.append((code, rows)), rest=rests.append))

    assert told == [("broadlogs", 2), ("broadlogs", 4), ("broadlogs", 5), ("broadlogs", 6), ("tracking", 2)]
    assert len(rests) == 5 and max(rests) <= retention.LONGEST_REST


def test_a_purge_whose_time_is_up_goes_on_at_the_next_call(old: Delivery, now: datetime) -> None:
    kinds = {kind.code: kind for kind in purge(now=now, seconds=0, rest=lambda seconds: None)}

    assert not kinds["broadlogs"].finished and Broadlog.objects.count() == 5
    assert purge_all(now) == {"broadlogs": 6, "tracking": 2}


def test_a_log_half_deleted_is_no_error_of_the_ledger(old: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=old.pk).update(rows_purged=True)
    Broadlog.objects.filter(delivery=old).order_by("pk")[:1].get().delete()

    assert check().ok


def test_the_dry_run_counts_and_deletes_nothing(old: Delivery, now: datetime) -> None:
    found = {kind.code: kind.rows for kind in due(now=now) if kind.rows}

    assert found == {"broadlogs": 5, "tracking": 2}
    assert Broadlog.objects.count() == 5


def test_the_command_answers_kind_by_kind(old: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("purge", "--dry-run")

    said = capsys.readouterr().out
    assert "Delivery logs: 5 rows before" in said and "would be deleted" in said
    assert Broadlog.objects.count() == 5


def test_people_of_finished_runs_are_forgotten_and_their_count_stays(now: datetime) -> None:
    people = make_recipients(5)
    tasks = [make_task(make_activity("email_delivery"), scheduled_for=now) for _ in range(2)]
    done, at_work = [make_population(task, people) for task in tasks]
    done.task.run.state, done.task.run.ended_at = 4, now - timedelta(days=31)
    done.task.run.save()

    assert purge_all(now) == {"populations": 5}

    assert PopulationMember.objects.filter(population=at_work).count() == 5
    assert Population.objects.get(pk=done.pk).count == 5


def test_applied_journals_and_inbound_mails_grow_old_too(now: datetime, settings: Any, tmp_path: Any) -> None:
    settings.VAR_DIR = tmp_path
    names = ["old.done", "new.done", "old.journal"]
    for name in names:
        (journal_folder() / name).touch()
    long_ago = (now - timedelta(days=31)).timestamp()
    for name in ("old.done", "old.journal"):
        os.utime(journal_folder() / name, (long_ago, long_ago))
    os.utime(journal_folder() / "new.done", (now.timestamp(), now.timestamp()))
    InboundMail.objects.create(key="a", received_at=now - timedelta(days=366), outcome="applied")
    InboundMail.objects.create(key="b", received_at=now, outcome="applied")

    assert purge_all(now) == {"journals": 1, "inbound_mails": 1}
    assert sorted(path.name for path in journal_folder().iterdir()) == ["new.done", "old.journal"]
