"""What one poisoned recipient in a hundred costs the others: the rate of sending with them beside that without.

The same people and the same content, one delivery after the other, in turns the clean and the poisoned one first. The
poison: a value that is no number, a loop without end, a message that swells, an address that is none.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import NamedTuple

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.peers.smtp import running_sink  # noqa: E402
from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from benchmarks.rows import HTML, make_people, prepare_delivery, start  # noqa: E402
from benchmarks.senders import processor_seconds, running_senders, wait_until_sent  # noqa: E402
from common.sql import execute, fetch_value  # noqa: E402
from deliveries.models import Delivery  # noqa: E402
from recipients.vocabulary import FailureReason  # noqa: E402

TARGET = 0.9
POISONED_EVERY = 100
# Harmless but for what the attributes hold.
CONTENT = (
    HTML + "<p>{{ recipient.attributes.points|int }} points</p>"
    "{% for a in recipient.attributes.items %}{% for b in recipient.attributes.items %}{% for c in "
    "recipient.attributes.items %}{{ a }}{% endfor %}{% endfor %}{% endfor %}"
    "{% for a in recipient.attributes.pages %}{% for b in recipient.attributes.pages %}{{ a }}{% endfor %}{% endfor %}"
)
GOOD = {"points": 3, "items": [], "pages": []}
POISON = {
    "no number": {**GOOD, "points": "many"},
    "a loop without end": {**GOOD, "items": list(range(100))},
    "a message that swells": {**GOOD, "pages": ["x" * 1024] * 60},
}
BAD_ADDRESS = "two@at@example.com"


class Cost(NamedTuple):
    """What the sending of one delivery took, by the clock and of the sender's processor."""

    seconds: float
    processor: float


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    make_people(options.messages)
    pairs = []
    with running_sink() as port:
        for number in range(options.rounds):
            order = [False, True] if number % 2 == 0 else [True, False]
            costs = {poisoned: _send(options, port, poisoned=poisoned) for poisoned in order}
            pairs.append((costs[False], costs[True]))
    _show(options, pairs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--kind", choices=[*POISON, "a bad address"], help="this poison alone")
    return parser.parse_args()


def _send(options: argparse.Namespace, port: int, *, poisoned: bool) -> Cost:
    execute("UPDATE recipients_recipient SET attributes = %s WHERE attributes <> %s", [json.dumps(GOOD)] * 2)
    delivery = prepare_delivery(options.messages, html=CONTENT)
    failures = _poison(delivery, options.kind) if poisoned else 0
    execute("VACUUM ANALYZE recipients_recipient")
    execute("CHECKPOINT")
    with running_senders(1, port) as mta:
        used, started = processor_seconds(mta), time.perf_counter()
        start(delivery)
        wait_until_sent(delivery, failures=failures)
        cost = Cost(time.perf_counter() - started, processor_seconds(mta) - used)
    _check(delivery, failures)
    return cost


def _poison(delivery: Delivery, kind: str | None) -> int:
    """Every hundredth row, each kind in turn; how many."""
    kinds = [kind] if kind else [*POISON, "a bad address"]
    every = POISONED_EVERY * len(kinds)
    for number, name in enumerate(kinds):
        rows = "SELECT id FROM deliveries_broadlog WHERE delivery_id = %s AND id %% %s = %s"
        chosen = [delivery.pk, every, number * POISONED_EVERY + POISONED_EVERY // 2]
        if name in POISON:
            people = rows.replace("SELECT id", "SELECT recipient_id")
            document = json.dumps(POISON[name])
            execute(f"UPDATE recipients_recipient SET attributes = %s WHERE id IN ({people})", [document, *chosen])
        else:
            execute(f"UPDATE deliveries_broadlog SET address = %s WHERE id IN ({rows})", [BAD_ADDRESS, *chosen])
    counted = "SELECT count(*) FROM deliveries_broadlog WHERE delivery_id = %s AND id %% %s = %s"
    return int(fetch_value(counted, [delivery.pk, POISONED_EVERY, POISONED_EVERY // 2]))


def _check(delivery: Delivery, failures: int) -> None:
    """These failed, for what they brought along, and nobody else."""
    asked = "SELECT count(*) FROM deliveries_broadlog WHERE delivery_id = %s AND failure_reason = %s"
    found = fetch_value(asked, [delivery.pk, int(FailureReason.PERSONALISATION)])
    if (delivery.failed, found) != (failures, failures) or delivery.sent != delivery.targeted - failures:
        raise SystemExit(
            f"{delivery.sent} sent, {delivery.failed} failed, {found} of them for what they brought along."
        )


def _show(options: argparse.Namespace, pairs: list[tuple[Cost, Cost]]) -> None:
    rows = [
        [
            label,
            median_and_range([options.messages / pair[which].seconds for pair in pairs]),
            f"{statistics.median(pair[which].processor for pair in pairs) / options.messages * 1e6:.0f}",
        ]
        for which, label in enumerate(("clean", "one in a hundred poisoned"))
    ]
    line(f"{options.messages:,} messages, one process, {len(pairs)} rounds: medians [lowest-highest]")
    table(["", "messages/s", "processor, µs each"], rows)
    verdict(
        "poison",
        ratio=statistics.median(clean.seconds / poisoned.seconds for clean, poisoned in pairs),
        target=TARGET,
        processor_ratio=round(statistics.median(clean.processor / poisoned.processor for clean, poisoned in pairs), 3),
        kind=options.kind or "all",
    )


if __name__ == "__main__":
    main()
