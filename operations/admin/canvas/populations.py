"""The people who left a task by one outlet: a page of a hundred at a time, JSON, and a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from common.csv_lines import csv_lines
from operations.explain import path
from operations.models import Population, PopulationMember, Workflow
from recipients.models import Recipient

PEOPLE = 100
CHUNK = 2000


def population_of(workflow: Workflow, pk: int) -> Population | None:
    rows = Population.objects.filter(task__run__workflow=workflow)
    return rows.select_related("task__activity", "task__run").filter(pk=pk).first()


def population_document(request: HttpRequest, workflow: Workflow, population: Population) -> dict[str, Any]:
    """`?after=` is the number of the last person of the page before."""
    after = request.GET.get("after", "")
    members = _members(population, int(after) if after.isdigit() else 0)[: PEOPLE + 1]
    numbers = list(members)
    people = Recipient.objects.in_bulk(numbers[:PEOPLE])
    address = reverse("admin:operations_workflow_population", args=[workflow.pk, population.pk])
    return {
        "count": population.count,
        "outlet": population.outlet,
        "task": population.task.name,
        "task_label": str(population.task.activity),
        "people": [_person(people[number], address) for number in numbers[:PEOPLE] if number in people],
        "next": f"{address}?format=json&after={numbers[PEOPLE - 1]}" if len(numbers) > PEOPLE else None,
        "next_page": f"{address}?after={numbers[PEOPLE - 1]}" if len(numbers) > PEOPLE else None,
        "csv": f"{address}?format=csv",
    }


def population_file(population: Population) -> StreamingHttpResponse:
    """Everybody, row by row as the database gives them: the memory does not grow with the people."""
    name = f"population-{population.pk}.csv"
    answer = StreamingHttpResponse(csv_lines(_rows(population)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def way_of(population: Population, recipient: Recipient) -> list[Any]:
    """Why this person is in it: what every task of the run did with them."""
    return path(population.task.run, recipient.pk)


def _members(population: Population, after: int) -> Any:
    rows = PopulationMember.objects.filter(population=population, recipient_id__gt=after)
    return rows.order_by("recipient_id").values_list("recipient_id", flat=True)


def _person(person: Recipient, address: str) -> dict[str, Any]:
    return {
        "id": person.pk,
        "label": str(person),
        "email": person.email,
        "url": reverse("admin:recipients_recipient_change", args=[person.pk]),
        "why": f"{address}why/{person.pk}/",
    }


def _rows(population: Population) -> Iterator[Sequence[Any]]:
    yield [_("number"), _("e-mail"), _("first name"), _("last name")]
    after = 0
    while numbers := list(_members(population, after)[:CHUNK]):
        rows = Recipient.objects.filter(pk__in=numbers).order_by("pk")
        yield from rows.values_list("pk", "email", "first_name", "last_name")
        after = numbers[-1]
