from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authtoken.models import Token

from common.commands import ServiceCommand


class Command(ServiceCommand):
    help = gettext_lazy("Print the API token of a user; it is made when there is none.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")

    def act(self, options: dict[str, Any]) -> None:
        user = get_user_model()._default_manager.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(_("There is no user %(name)s.") % {"name": options["user"]})
        token, _created = Token.objects.get_or_create(user=user)
        self.answer({"user": options["user"], "token": token.key}, token.key)
