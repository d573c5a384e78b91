"""D16: what the installation itself writes to its people says that a machine wrote it."""

from __future__ import annotations

import ast
from datetime import datetime
from email import message_from_bytes
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.catalogue import ROOT
from tests.factories import make_recipients
from tests.operations.activities.asking import asking, make_user
from tests.operations.factories import run_drawing

APPS = ("campaign_site", "common", "installation", "recipients", "operations", "deliveries", "tracking")
# Django's ways to send; mailings go their own way, over the connector of their channel.
SENDERS = ("django.core.mail", "smtplib")
THE_ONE = {"operations/notifications.py"}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "line"), [("alert", "ask → end"), ("approval", "ask.approve → yes")])
def test_d16_alerts_and_questions_ask_for_no_automatic_answer(
    kind: str,
    line: str,
    now: datetime,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user = make_user("ada")
    with django_capture_on_commit_callbacks(execute=True):
        run_drawing(asking(kind, make_recipients(2), line, user=user.pk, title="Look"), now=now)

    (sent,) = mailoutbox
    parsed = message_from_bytes(sent.message().as_bytes())
    assert parsed["Auto-Submitted"] == "auto-generated" and parsed["X-Auto-Response-Suppress"] == "All"


def test_d16_every_mail_to_the_people_of_the_house_leaves_through_one_place() -> None:
    sending = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if any(name.startswith(SENDERS) for name in _imported(ast.parse(path.read_text())))
    }

    assert sending == THE_ONE


def _imported(tree: ast.Module) -> list[str]:
    nodes = list(ast.walk(tree))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return plain + named
