from __future__ import annotations

from typing import Any

from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from installation.processes import alive, missing_kinds


class Command(ServiceCommand):
    help = gettext_lazy("List the live processes of the installation, and what is missing.")

    def act(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        rows = list(alive(now).order_by("kind", "name", "pid"))
        missing = missing_kinds(now)
        lines = [str(row) for row in rows] + [_("missing: %(kind)s") % {"kind": kind} for kind in missing]
        self.answer({"processes": [model_to_dict(row) for row in rows], "missing": missing}, "\n".join(lines))
