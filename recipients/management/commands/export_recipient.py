"""`export_recipient ID|EMAIL`: all that is kept of a person, as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from recipients.erasure.access import person_document
from recipients.erasure.person import find_person


class Command(ServiceCommand):
    help = gettext_lazy("Writes all that is kept of a person as a JSON document.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="ID|EMAIL")

    def act(self, options: dict[str, Any]) -> None:
        recipient = find_person(options["person"])
        document = person_document(recipient)
        self.tell(recipient, "export")
        self.answer(document, json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
