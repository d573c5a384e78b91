"""`delivery`, `ledger` and `export_broadlogs` from a terminal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from deliveries.models import Broadlog, Delivery
from tests.deliveries.factories import make_activity, make_delivery, run_once
from tests.deliveries.rows import claim, make_ready, make_started, rows_of, state_of
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    """Commands read the clock: rows are made a little earlier."""
    return timezone.now() - timedelta(minutes=1)


def run(*words: Any) -> str:
    output = StringIO()
    call_command(*[str(word) for word in words], stdout=output)
    return output.getvalue()


def test_a_delivery_is_prepared_and_confirmed_from_the_terminal(now: datetime) -> None:
    make_recipients(2)
    delivery = make_delivery(now)

    prepared = run("delivery", "prepare", delivery.pk)
    assert "Ready to be delivered" in prepared
    assert "confirmation_missing" in prepared

    assert "In progress" in run("delivery", "confirm", delivery.pk)
    assert state_of(delivery) == "in_progress"


def test_an_analysis_that_fails_is_a_failure_with_its_reason(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now, html="<p>{{ recipient.first_name </p>")

    with pytest.raises(CommandError, match="The analysis failed"):
        run("delivery", "prepare", delivery.pk)

    assert state_of(delivery) == "preparation_failed"


def test_pause_resume_and_stop_answer_with_the_state(now: datetime) -> None:
    delivery = make_started(now)

    assert "Paused" in run("delivery", "pause", delivery.pk)
    assert "In progress" in run("delivery", "resume", delivery.pk)
    claim(delivery, now)
    document = json.loads(run("delivery", "stop", delivery.pk, "--json"))
    assert (document["state"], document["stop_requested"]) == ("in_progress", True)


def test_a_refusal_is_one_line_on_stderr(now: datetime) -> None:
    delivery = make_delivery(now)

    with pytest.raises(CommandError, match=r"^This delivery can't be paused: its state is “Being edited”\.$"):
        run("delivery", "pause", delivery.pk)
    with pytest.raises(CommandError, match="There is no delivery 999"):
        run("delivery", "status", 999)


def test_stopping_an_occurrence_says_that_the_series_goes_on_and_how_to_end_it(now: datetime) -> None:
    activity = make_activity("recurring_delivery", action="prepare")
    people = make_recipients(1)
    first = run_once(activity, people, now=now)
    second = run_once(activity, people, now=now + timedelta(seconds=1))

    assert "Only this occurrence stops" in run("delivery", "stop", first.pk)
    assert "Only this occurrence" not in run("delivery", "stop", second.pk, "--series")
    assert (state_of(first), state_of(second)) == ("stopped", "stopped")


def test_a_proof_is_sent_to_addresses_or_to_recipients(now: datetime) -> None:
    delivery = make_delivery(now)
    recipient = make_recipient(1)

    run("delivery", "proof", delivery.pk, "--to", "boss@example.com")
    run("delivery", "proof", delivery.pk, "--recipients", recipient.pk)

    proofs = Delivery.objects.filter(kind="proof").order_by("pk")
    assert [proof.proof_number for proof in proofs] == [1, 2]
    assert [rows_of(proof)[0].address for proof in proofs] == ["boss@example.com", recipient.email]


def test_no_proof_of_a_recurring_delivery(now: datetime) -> None:
    occurrence = run_once(make_activity("recurring_delivery", action="prepare"), make_recipients(1), now=now)

    with pytest.raises(CommandError, match="e-mail delivery activity"):
        run("delivery", "proof", occurrence.pk, "--to", "boss@example.com")


@pytest.mark.parametrize("words", [("pause", 1, "--series"), ("stop", 1, "--to", "a@b.c"), ("proof", 1)])
def test_an_option_that_does_not_go_with_the_verb_is_a_usage_error(now: datetime, words: tuple[Any, ...]) -> None:
    delivery = make_delivery(now)

    with pytest.raises(CommandError):
        run("delivery", words[0], delivery.pk, *words[2:])

    assert state_of(delivery) == "edited"


def test_explain_tells_the_causes_or_the_way_of_one_person(now: datetime) -> None:
    delivery = make_ready(now, people=1)
    (row,) = rows_of(delivery)

    assert "confirmation_missing" in run("delivery", "explain", delivery.pk)
    by_number = run("delivery", "explain", delivery.pk, "--recipient", row.recipient_id)
    assert "Analysis 1: kept" in by_number
    assert run("delivery", "explain", delivery.pk, "--recipient", row.address.upper()) == by_number
    with pytest.raises(CommandError, match=r"There is no recipient nobody@example\.com"):
        run("delivery", "explain", delivery.pk, "--recipient", "nobody@example.com")


def test_the_ledger_says_that_all_adds_up_or_fails_with_the_difference(now: datetime) -> None:
    delivery = make_ready(now)

    assert "targeted 3 = pending 3: adds up" in run("ledger")
    assert json.loads(run("ledger", delivery.pk, "--json"))["ok"] is True

    Delivery.objects.filter(pk=delivery.pk).update(sent=2)
    with pytest.raises(CommandError, match=rf"#{delivery.pk}: sent \+2"):
        run("ledger")
    with pytest.raises(CommandError, match="There is no delivery 999"):
        run("ledger", 999)


def test_the_log_is_exported_line_by_line(now: datetime, tmp_path: Path) -> None:
    delivery = make_ready(now)
    target = tmp_path / "log.csv"

    assert "3 lines" in run("export_broadlogs", delivery.pk, "--output", target)

    header, *lines = target.read_text().splitlines()
    assert header.startswith("id,recipient,address,status")
    assert [line.split(",")[3] for line in lines] == ["pending"] * 3
    assert run("export_broadlogs", delivery.pk).splitlines() == [header, *lines]


def test_the_log_is_exported_as_one_json_document(now: datetime) -> None:
    delivery = make_ready(now)

    rows = json.loads(run("export_broadlogs", delivery.pk, "--json"))

    assert [row["id"] for row in rows] == [row.pk for row in rows_of(delivery)]
    assert {key: rows[0][key] for key in ("status", "in_doubt", "failure_reason", "failure_detail")} == {
        "status": "pending",
        "in_doubt": False,
        "failure_reason": None,
        "failure_detail": "",
    }


def test_a_cell_that_a_spreadsheet_would_run_is_exported_as_text(now: datetime) -> None:
    delivery = make_ready(now, people=6)
    starts = ["=cmd()", "+1", "-1", "@SUM", "\tx", "\rx"]
    for row, start in zip(rows_of(delivery), starts, strict=True):
        Broadlog.objects.filter(pk=row.pk).update(failure_detail=start)

    exported = run("export_broadlogs", delivery.pk)

    for start in starts:
        assert f"'{start}" in exported
        assert f",{start}" not in exported


def test_a_file_that_cannot_be_written_is_a_one_line_reason(now: datetime, tmp_path: Path) -> None:
    delivery = make_ready(now)

    with pytest.raises(CommandError, match="can't be written: No such file or directory"):
        run("export_broadlogs", delivery.pk, "--output", tmp_path / "nowhere" / "log.csv")
