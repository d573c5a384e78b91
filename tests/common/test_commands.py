from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from common.commands import ServiceCommand
from common.errors import IllegalState


class Greeting(ServiceCommand):
    def arguments(self, parser: Any) -> None:
        parser.add_argument("name")

    def act(self, options: dict[str, Any]) -> None:
        if options["name"] == "nobody":
            raise IllegalState("Nobody\ncan be greeted.")
        if options["name"] == "invalid":
            raise ValidationError(["One.", "Two."])
        if options["name"] == "usage":
            self.usage("no such name")
        self.say("…")
        self.answer({"greeted": options["name"]}, f"Hello {options['name']}")


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(Greeting(), *arguments, stdout=output)
    return output.getvalue()


def test_a_command_answers_with_text() -> None:
    assert run("Zoé") == "…\nHello Zoé\n"


def test_with_json_the_document_is_the_only_output() -> None:
    assert json.loads(run("Zoé", "--json")) == {"greeted": "Zoé"}


def test_a_refusal_becomes_one_line() -> None:
    with pytest.raises(CommandError, match=r"^Nobody can be greeted\.$") as refusal:
        run("nobody")

    assert refusal.value.returncode == 1


def test_a_validation_error_becomes_one_line() -> None:
    with pytest.raises(CommandError, match=r"^One\. Two\.$"):
        run("invalid")


@pytest.mark.parametrize("argument", ["usage", "--unknown"])
def test_a_usage_error_exits_with_2(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        Greeting().run_from_argv(["manage.py", "greeting", argument])

    assert exit_.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_missing_row_is_named() -> None:
    with pytest.raises(CommandError, match=r"^There is no user 7\.$"):
        ServiceCommand().get_row(User, 7)
