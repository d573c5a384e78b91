"""Messages in doubt are settled by the relay's log, and only by what it is certain of."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from deliveries.ledger import check
from deliveries.models import Broadlog, Delivery, DeliveryState, Relay, Route
from deliveries.mta.settling import Settlement, settle_from_log, settle_routes
from deliveries.mta.settling.aging import fail_old_doubts
from deliveries.mta.settling.background import settle_in_background
from deliveries.mta.settling.from_log import UnknownFormat, UnreadableLog
from deliveries.routes import ensure_default_route
from installation.options import set_option
from tests.deliveries.mta.settling.postfix_lines import line, seen, taken
from tests.deliveries.rows import rows_of, statuses_of
from tests.deliveries.test_settlement import make_doubtful

pytestmark = pytest.mark.django_db
BEGAN = timezone.now().replace(microsecond=0) - timedelta(hours=2)
NOW = BEGAN + timedelta(hours=1)


@pytest.fixture
def delivery() -> Delivery:
    """Begun at BEGAN; one sent, two in doubt since then."""
    ensure_default_route()
    return make_doubtful(BEGAN)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


def write(log: Path, *lines: str, begins: datetime = BEGAN, ends: datetime = NOW) -> None:
    log.write_text("".join([line(begins, "starting"), *lines, line(ends, "statistics", daemon="anvil")]))


def settle(delivery: Delivery, log: Path, *, now: datetime = NOW, **options: Any) -> Settlement:
    return settle_from_log(path=log, log_format="postfix", deliveries=[delivery.pk], now=now, **options)


def test_what_the_relay_took_is_sent_and_what_it_never_saw_is_sent_again(delivery: Delivery, log: Path) -> None:
    _sent, taken_one, _other = rows_of(delivery)
    write(log, taken(BEGAN, "4ABCDEF", taken_one.pk))

    assert settle(delivery, log) == Settlement(sent=1, resent=1)

    assert statuses_of(delivery) == ["sent", "sent", "pending"]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.pending, delivery.in_doubt) == (DeliveryState.IN_PROGRESS, 1, 0)
    assert check([delivery.pk]).ok


def test_what_bounced_at_the_relay_failed_for_the_reason_it_gives(delivery: Delivery, log: Path) -> None:
    _sent, first, second = rows_of(delivery)
    write(log, taken(BEGAN, "4A0001", first.pk, then="bounced", text="550 5.1.1 no such user"))
    write(log, log.read_text(), taken(BEGAN, "4A0002", second.pk, then="deferred"))

    assert settle(delivery, log) == Settlement(sent=1, failed=1)

    first.refresh_from_db()
    assert (first.get_failure_reason_display(), first.failure_detail) == ("User unknown", "550 5.1.1 no such user")


def test_a_dry_run_changes_nothing(delivery: Delivery, log: Path) -> None:
    write(log, taken(BEGAN, "4ABCDEF", rows_of(delivery)[1].pk))

    assert settle(delivery, log, dry_run=True) == Settlement(sent=1, resent=1)
    assert Broadlog.objects.filter(in_doubt_since__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("begins", "ends", "now"),
    [
        (BEGAN + timedelta(seconds=1), NOW, NOW),
        (BEGAN, BEGAN - timedelta(seconds=1), NOW),
        (BEGAN, NOW, BEGAN + timedelta(seconds=30)),
    ],
    ids=["begins too late", "ends before the doubt", "asked too early"],
)
def test_a_log_that_does_not_cover_the_doubt_proves_no_absence(
    delivery: Delivery, log: Path, begins: datetime, ends: datetime, now: datetime
) -> None:
    write(log, begins=begins, ends=ends)
    assert settle(delivery, log, now=now) == Settlement(undecided=2)


def test_a_relay_that_is_still_thinking_is_waited_for(delivery: Delivery, log: Path) -> None:
    write(log, *(seen(BEGAN, f"4ABCD{row.pk % 10}", row.pk) for row in rows_of(delivery)))

    assert settle(delivery, log, now=BEGAN + timedelta(minutes=5)) == Settlement(undecided=2)
    assert settle(delivery, log, now=BEGAN + timedelta(minutes=11)) == Settlement(resent=2)


def test_with_several_servers_one_log_proves_no_absence(delivery: Delivery, log: Path) -> None:
    route = Route.objects.get()
    Relay.objects.create(route=route, url="smtp://second.example.com")
    write(log, taken(BEGAN, "4ABCDEF", rows_of(delivery)[1].pk))

    assert settle(delivery, log) == Settlement(sent=1, undecided=1)


def test_what_never_left_a_stopped_delivery_is_cancelled(delivery: Delivery, log: Path) -> None:
    Delivery.objects.update(state=DeliveryState.STOPPED)
    write(log)

    assert settle(delivery, log) == Settlement(cancelled=2)
    assert check([delivery.pk]).ok


def test_a_log_that_is_not_there_and_a_format_that_is_not_known_are_refused(delivery: Delivery, log: Path) -> None:
    with pytest.raises(UnreadableLog):
        settle(delivery, log)
    with pytest.raises(UnknownFormat, match="postfix"):
        settle_from_log(path=log, log_format="sendmail", deliveries=[delivery.pk], now=NOW)


def test_the_log_of_a_route_settles_by_itself(delivery: Delivery, log: Path) -> None:
    write(log, taken(BEGAN, "4ABCDEF", rows_of(delivery)[1].pk))
    Route.objects.update(relay_log=str(log))

    assert settle_routes(now=NOW) == Settlement(sent=1, resent=1)
    assert settle_routes(now=NOW) == Settlement()


def test_the_log_of_a_route_that_is_elsewhere_stops_nothing(delivery: Delivery, log: Path) -> None:
    Route.objects.update(relay_log=str(log))
    assert settle_routes(now=NOW) == Settlement()
    assert settle_in_background() is None


def test_by_default_a_message_stays_in_doubt_until_somebody_decides(delivery: Delivery) -> None:
    assert fail_old_doubts(now=NOW + timedelta(days=300)) == 0


def test_an_option_ends_the_wait(delivery: Delivery) -> None:
    set_option("IN_DOUBT_HOURS", 24)

    assert fail_old_doubts(now=BEGAN + timedelta(hours=23)) == 0
    assert fail_old_doubts(now=BEGAN + timedelta(hours=25)) == 2
    assert statuses_of(delivery) == ["sent", "failed", "failed"]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("mta", "settle", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_reads_a_log_that_it_is_given(delivery: Delivery, log: Path) -> None:
    write(log, taken(BEGAN, "4ABCDEF", rows_of(delivery)[1].pk))

    foreseen = json.loads(command("--from-log", str(log), "--dry-run", "--json"))
    said = command("--from-log", str(log), "--delivery", str(delivery.pk))

    assert foreseen == {"sent": 1, "failed": 0, "resent": 1, "cancelled": 0, "undecided": 0, "dry_run": True}
    assert said.strip() == "1 sent, 0 failed, 1 sent again, 0 cancelled. 0 stay in doubt."


def test_the_command_decides_alike_what_no_log_knows(delivery: Delivery) -> None:
    assert command("--as", "sent", "--dry-run").startswith("Nothing was done. It would be: 2 sent")
    assert json.loads(command("--as", "failed", "--json"))["failed"] == 2
    with pytest.raises(CommandError, match="No message is in doubt"):
        command("--as", "sent")


def test_the_command_says_why_nothing_is_sent_again(delivery: Delivery) -> None:
    Delivery.objects.update(state=DeliveryState.STOPPED)
    with pytest.raises(CommandError, match="sends nothing any more"):
        command("--as", "resend")


@pytest.mark.parametrize(
    "arguments", [["--as", "sent", "--from-log", "x"], ["--as", "lost"], ["--format", "postfix"]], ids=" ".join
)
def test_what_can_not_be_meant_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        command(*arguments)
