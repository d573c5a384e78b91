"""Server time of every page of the back office, with years of history in PostgreSQL.

Every list, every page with tabs and every form that the admin registers is asked for through the whole stack of
middleware and templates, logged in, several times; the figure is the median. Also: queries and kilobytes of each.
A database that has people is used as it is: `DATABASE_URL=… python -m benchmarks.pages` fills your own once.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import NoReverseMatch, reverse  # noqa: E402

from benchmarks.history.fill import Size, fill  # noqa: E402
from benchmarks.report import line, table, verdict  # noqa: E402
from common.admin import TabbedPageMixin  # noqa: E402
from deliveries.models import Broadlog, Delivery  # noqa: E402
from operations.models import Population, Workflow  # noqa: E402
from recipients.models import Recipient, RecipientList  # noqa: E402

LIMIT_MS = 300
COUNTING_LIMIT_MS = 2000


class Page(NamedTuple):
    """What it is called, its address, and what is posted to it, if anything is."""

    name: str
    url: str
    body: dict[str, Any] | None = None

    @property
    def limit(self) -> int:
        """Milliseconds: a page, or what is counted beside one, which shows that it counts."""
        return LIMIT_MS if self.body is None else COUNTING_LIMIT_MS


# What the editor of filters is asked to count: one that reads an index, and one that reads the log.
FILTER = {
    "all": [{"field": "country_code", "op": "equals", "value": "FR"}, {"field": "birth_date", "op": "anniversary"}]
}
BEHAVIOUR = {"delivery": "received", "days": 365}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--deliveries", type=int, default=1_000)
    parser.add_argument("--broadlogs", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    if not Recipient.objects.exists():
        fill(Size(options.recipients, options.deliveries, options.broadlogs), lambda text: line(f"… {text}"))
        _vacuum()
    client = _client()
    found = [page for page in pages() if options.only in page.name]
    _show([(page, *_measure(client, page, options.rounds)) for page in found])


def pages() -> Iterator[Page]:
    """(name, address) of everything that can be opened."""
    yield Page("home", reverse("admin:index"))
    for model, page in sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label):
        yield from _pages_of(model, page)
    yield from _others()


def _pages_of(model: type[models.Model], page: Any) -> Iterator[Page]:
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    label = model._meta.label
    yield Page(f"{label} list", reverse(f"admin:{name}_changelist"))
    row = _sample(model)
    if row is None:
        return
    yield Page(f"{label} page", reverse(f"admin:{name}_change", args=[row.pk]))
    if isinstance(page, TabbedPageMixin):
        for slug in page.tabs.codes()[1:]:
            yield Page(f"{label} {slug}", reverse(f"admin:{name}_{slug}", args=[row.pk]))


def _sample(model: type[models.Model]) -> Any:
    """The row with the most behind it: the big delivery is the first one made."""
    rows = model._default_manager.all()
    return rows.order_by("pk").first() if model in (Delivery, Workflow, Recipient) else rows.order_by("-pk").first()


def _others() -> Iterator[Page]:
    """Parts of pages, what is asked for while somebody works on one, and what integrators read."""
    delivery, recipient = Delivery.objects.order_by("pk").first(), Recipient.objects.order_by("pk").last()
    assert delivery is not None and recipient is not None
    yield from _of_delivery(delivery)
    yield from _of_workflow(Workflow.objects.order_by("pk")[0])
    yield from _of_people(recipient)
    yield Page("calendar", reverse("admin:operations_operation_calendar"))
    yield Page("home, live part", reverse("home-live"))
    yield Page("administration", reverse("section", args=["administration"]))
    yield Page("search", f"{reverse('search')}?q={recipient.email}")
    yield Page("API deliveries", "/api/v1/deliveries/")
    yield Page("API broadlogs", f"/api/v1/broadlogs/?delivery={delivery.pk}")
    yield Page("API tracking logs", f"/api/v1/tracking-logs/?delivery={delivery.pk}")
    yield Page("API recipients", "/api/v1/recipients/")


def _of_delivery(delivery: Delivery) -> Iterator[Page]:
    log = Broadlog.objects.filter(delivery=delivery).order_by("recipient_id")[0]
    within = f"?delivery__id__exact={delivery.pk}"
    yield Page("log of one delivery", reverse("admin:deliveries_broadlog_changelist") + within)
    yield Page("hits of one delivery", reverse("admin:tracking_trackinglog_changelist") + within)
    logs = reverse("admin:deliveries_delivery_logs", args=[delivery.pk])
    yield Page("failed messages of one delivery", f"{logs}?status=failed")
    yield Page("one person in the log of one delivery", f"{logs}?q={log.address}")
    yield Page("delivery, live part", reverse("admin:deliveries_delivery_live", args=[delivery.pk]))
    yield from _named("why", "deliveries_delivery_why", [delivery.pk, log.recipient_id])
    series = delivery.series
    if series is not None:
        occurrences = "&".join(f"compare={number}" for number in (1, 2, 3))
        address = reverse("admin:deliveries_deliveryseries_change", args=[series.pk])
        yield Page("series, occurrences compared", f"{address}?{occurrences}")


def _of_workflow(workflow: Workflow) -> Iterator[Page]:
    yield from _named("canvas state", "operations_workflow_canvas", [workflow.pk, "state"])
    largest = Population.objects.filter(task__run__workflow=workflow).order_by("-count")[:1]
    for population in largest:
        yield from _named("population", "operations_workflow_population", [workflow.pk, population.pk])


def _of_people(recipient: Recipient) -> Iterator[Page]:
    people = reverse("admin:recipients_recipient_changelist")
    yield Page("people by name", f"{people}?q={recipient.last_name}")
    yield Page("people by an address that nobody has", f"{people}?q=nobody@nowhere")
    yield Page("people of a list", f"{people}?list={RecipientList.objects.order_by('pk')[0].pk}")
    yield Page("editor values", f"{reverse('admin:recipients_query_values')}?source=field:language&q=")
    for name in ("count", "waterfall", "preview"):
        yield Page(f"editor {name}", reverse(f"admin:recipients_query_{name}"), {"filter": FILTER})
    yield Page("editor count of behaviour", reverse("admin:recipients_query_count"), {"filter": BEHAVIOUR})


def _named(label: str, name: str, arguments: list[Any]) -> Iterator[Page]:
    try:
        yield Page(label, reverse(f"admin:{name}", args=arguments))
    except NoReverseMatch:
        line(f"no page: {name}")


def _client() -> Client:
    user, _made = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def _vacuum() -> None:
    # As autovacuum would have: index-only scans need the visibility map.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measure(client: Client, page: Page, rounds: int) -> tuple[int, float, int, float]:
    """Status, median milliseconds, queries, kilobytes; the first answer, which loads templates, is not counted."""
    response = _ask(client, page)
    queries = _count_queries(lambda: _ask(client, page))
    seconds = [_seconds(client, page) for _ in range(rounds)]
    return response.status_code, statistics.median(seconds) * 1000, queries, len(response.content) / 1000


def _ask(client: Client, page: Page) -> Any:
    if page.body is None:
        return client.get(page.url, follow=True)
    return client.post(page.url, page.body, content_type="application/json")


def _seconds(client: Client, page: Page) -> float:
    started = time.perf_counter()
    response = _ask(client, page)
    b"".join(response) if response.streaming else response.content
    return time.perf_counter() - started


def _count_queries(work: Callable[[], Any]) -> int:
    queries = 0

    def count(run: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return run(*arguments)

    with connection.execute_wrapper(count):
        work()
    return queries


def _show(measured: list[tuple[Page, int, float, int, float]]) -> None:
    rows = sorted(measured, key=lambda row: -row[2])
    table(
        ["page", "status", "median ms", "queries", "kB"],
        [[page.name, status, f"{ms:.0f}", queries, f"{size:.0f}"] for page, status, ms, queries, size in rows],
    )
    within = sum(ms < page.limit and status == 200 for page, status, ms, _, _ in rows)
    line(f"{within} of {len(rows)} within their limit: {LIMIT_MS} ms for a page, {COUNTING_LIMIT_MS} ms for a count")
    refused = [page.name for page, status, *_ in rows if status != 200]
    slowest = {"slowest": rows[0][0].name, "slowest_ms": round(rows[0][2])}
    verdict("pages", ratio=within / len(rows), target=1.0, refused=refused, **slowest)


if __name__ == "__main__":
    main()
