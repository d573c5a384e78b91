"""Run inside a scratch installation (`python -m tests.faults.rows …`): writes its rows, and shows them as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

import django


def main(verb: str, *arguments: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign_site.settings")
    django.setup()
    verbs: dict[str, Callable[..., object]] = {"fill": fill, "show": show}
    sys.stdout.write(json.dumps(verbs[verb](*arguments)))


def fill(count: str, connections: str) -> None:
    from deliveries.models import Route
    from deliveries.routes import ensure_default_route
    from tests.deliveries.mta.factories import make_sending

    ensure_default_route()
    Route.objects.update(max_connections=int(connections))
    make_sending(
        int(count),
        channel="email",
        subject="Hello {{ recipient.first_name }}",
        text="Hello {{ recipient.first_name }}",
        from_email="ada@example.com",
    )


def show() -> dict[str, object]:
    from deliveries.counters import count_rows
    from deliveries.models import Broadlog, Delivery

    delivery = Delivery.objects.get()
    counted = count_rows(delivery.pk)
    difference = sum(abs(getattr(delivery, name) - number) for name, number in counted.items())
    rows = Broadlog.objects.values_list("address", "status", "in_doubt_since")
    return {
        "state": delivery.state,
        "rows": [[address, status, since is not None] for address, status, since in rows],
        "difference": difference,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
