from __future__ import annotations

from typing import Any

import pytest
from django_celery_beat.models import PeriodicTask

from operations.models import Workflow
from operations.workflow.base import Done, Scope
from operations.workflow.config import InvalidConfig
from operations.workflow.registry import get_type
from tests.operations.scheduling import make_scheduled_workflow, scheduler_of

DAILY = {"crontab": "0 6 * * *"}


def clean(**config: Any) -> dict[str, Any]:
    workflow = Workflow(label="Birthdays", time_zone="Europe/Paris")
    return get_type("scheduler").clean(config, scope=Scope(workflow, None), sources=[])


def test_absent_keys_take_the_defaults_of_the_contract() -> None:
    assert clean(schedule=DAILY) == {
        "schedule": DAILY,
        "valid_from": None,
        "valid_until": None,
        "max_runs": None,
        "overlap": "skip",
        "missed": "latest",
        "grace_minutes": 60,
    }


def test_given_keys_are_kept_as_they_were_written() -> None:
    config = {
        "schedule": {"any": [DAILY, {"at": "2026-12-24T06:00:00"}]},
        "valid_from": "2025-10-06T06:00:00",
        "valid_until": "2026-10-05",
        "max_runs": 52,
        "overlap": "queue",
        "missed": "all",
        "grace_minutes": 0,
    }

    assert clean(**config) == config
    assert clean(**clean(**config)) == config


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({}, "schedule"),
        ({"schedule": None}, "schedule"),
        ({"schedule": "0 6 * * *"}, "schedule"),
        ({"schedule": {"crontab": "0 6 31 2 *"}}, "schedule"),
        ({"schedule": DAILY, "every": 5}, "every"),
        ({"schedule": DAILY, "valid_from": "soon"}, "valid_from"),
        ({"schedule": DAILY, "valid_until": "2026-13-01"}, "valid_until"),
        ({"schedule": DAILY, "valid_from": "2026-02-01", "valid_until": "2026-01-31"}, "valid_until"),
        ({"schedule": DAILY, "max_runs": 0}, "max_runs"),
        ({"schedule": DAILY, "overlap": "wait"}, "overlap"),
        ({"schedule": DAILY, "missed": "some"}, "missed"),
        ({"schedule": DAILY, "grace_minutes": -1}, "grace_minutes"),
    ],
)
def test_a_fault_is_named_by_its_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidConfig) as fault:
        clean(**config)

    assert list(fault.value.fields) == [key]


def test_one_day_of_validity_is_a_day() -> None:
    assert clean(schedule=DAILY, valid_from="2026-02-01", valid_until="2026-02-01")["valid_until"] == "2026-02-01"


def test_nothing_comes_into_a_scheduler_and_one_outlet_leaves() -> None:
    scheduler = get_type("scheduler")

    assert (scheduler.minimum_inbound, scheduler.maximum_inbound, scheduler.is_scheduler) == (0, 0, True)
    assert scheduler.outlets({}) == ["out"]


def test_it_only_passes_the_signal_on() -> None:
    assert get_type("scheduler").execute(None) == Done({"out": None})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_saving_a_scheduler_writes_its_periodic_task() -> None:
    workflow = make_scheduled_workflow(started_at=None)

    get_type("scheduler").saved(scheduler_of(workflow), None)

    row = PeriodicTask.objects.get(name=f"workflow:{workflow.pk}:every:0")
    assert row.enabled is False
