from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from operations.schedules import sync_all


class Command(ServiceCommand):
    help = gettext_lazy("Write the periodic tasks of every scheduler again and remove those left over.")

    def act(self, options: dict[str, Any]) -> None:
        result = sync_all()
        text = _("%(workflows)d workflows with a scheduler; %(changed)d periodic tasks repaired.")
        self.answer(result, text % result)
