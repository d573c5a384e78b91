from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from operations import assignments
from operations.models import Assignment

SHOWN = 200


class Command(ServiceCommand):
    help = gettext_lazy("List what workflows ask of people, or answer it.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["list", "answer"])
        parser.add_argument("id", type=int, nargs="?")
        parser.add_argument("choice", nargs="?")
        parser.add_argument("--comment", help=_("answer: a word for those who read it later"))

    def act(self, options: dict[str, Any]) -> None:
        given = [options["id"], options["choice"]]
        if options["verb"] == "list":
            if any(given) or options["comment"]:
                self.usage(_("list takes no other argument."))
            self.show_open()
            return
        if not all(given):
            self.usage(_("answer needs the number of the assignment and the choice."))
        self.give_answer(self.get_row(Assignment, options["id"]), options["choice"], options["comment"] or "")

    def show_open(self) -> None:
        rows = Assignment.objects.filter(answered_at__isnull=True).exclude(kind=Assignment.Kind.ALERT)
        rows = rows.select_related("task__run__workflow").order_by("pk")[:SHOWN]
        self.answer([_document(row) for row in rows], "\n".join(_line(row) for row in rows))

    def give_answer(self, assignment: Assignment, choice: str, comment: str) -> None:
        answered = assignments.answer(assignment, choice=choice, comment=comment, by=None, now=timezone.now())
        self.tell(answered, "answer", choice=choice)
        text = _("Assignment %(id)d: %(answer)s") % {"id": answered.pk, "answer": assignments.answer_label(answered)}
        self.answer(_document(answered), text)


def _document(row: Assignment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "title": row.title,
        "workflow": row.task.run.workflow_id,
        "activity": row.task.name,
        "choices": [choice["name"] for choice in row.choices],
        "due_at": row.due_at,
        "answer": row.answer,
    }


def _line(row: Assignment) -> str:
    choices = "|".join(choice["name"] for choice in row.choices)
    due = "" if row.due_at is None else " " + timezone.localtime(row.due_at).isoformat(timespec="minutes")
    return f"{row.pk} {row.task.run.workflow.label} / {row.task.name}: {row.title} [{choices}]{due}"
