"""Microseconds of one core to make a complete message: tokens, both bodies, headers, MIME, ready for the wire.

Beside it, on the same content: the usual way, Django's templates and the standard library's EmailMessage. Each message
of a sample is read back and compared with an EmailMessage made of the engine's plain rendering.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.template import Context, Template  # noqa: E402

from benchmarks.peers.mail import HTML, SENDER, SUBJECT, TEXT  # noqa: E402
from benchmarks.report import line, table, verdict  # noqa: E402
from deliveries.channels.base import OutgoingRow  # noqa: E402
from deliveries.channels.email.mime import EmailRenderer  # noqa: E402
from deliveries.content.links import MESSAGE_URLS, click_url, open_url, unsubscribe_url  # noqa: E402
from deliveries.content.personalisation import Personaliser  # noqa: E402
from deliveries.content.versions import freeze  # noqa: E402
from deliveries.models import ContentVersion, Delivery  # noqa: E402

BUDGET = 40.0
TARGET = 1.0
# As above with what only the engine can do: a condition, a filter, a loop.
LANGUAGE = (
    '{% if recipient.gender == "female" %}Chère{% else %}Cher{% endif %} {{ recipient.first_name|upper }} :'
    "{% for item in recipient.attributes.bought %} {{ loop.index }}. {{ item }}{% endfor %}<p>"
)
FIRST_NAMES = ("Élodie", "Jean-François", "Anne", "Zoé", "Maël", "Chloé", "Łukasz", "Nuño", "Camille", "Inès")
SAMPLE = 200


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    rows = [_row(number) for number in range(1, options.messages + 1)]
    renderer, version = _renderer(HTML)
    with_language, _version = _renderer(HTML.replace("<p>", f"<p>{LANGUAGE}", 1))
    _check(renderer, version, rows[:SAMPLE])
    ways = {
        "ours": _timed(renderer.render, rows, options.rounds),
        "ours, with a condition, a loop and a filter": _timed(with_language.render, rows, options.rounds),
        "Django's templates and EmailMessage": _timed(_usual_way(), rows[: max(1, options.messages // 50)], 3),
    }
    _show(ways, len(renderer.render(rows[0]).content), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def _row(number: int) -> OutgoingRow:
    first_name = FIRST_NAMES[number % len(FIRST_NAMES)]
    about = {"first_name": first_name, "last_name": f"Nom{number}", "gender": ("female", "male")[number % 2]}
    attributes = {"bought": ["café", "thé"]}
    return OutgoingRow(10**9 + number, f"person{number}@example.com", {**about, "attributes": attributes})


def _renderer(html: str) -> tuple[EmailRenderer, ContentVersion]:
    delivery = Delivery.objects.create(label="Benchmark", subject=SUBJECT, html=html, text=TEXT, from_email=SENDER)
    version = freeze(delivery)
    return EmailRenderer(delivery, version), version


def _timed(make: Callable[[OutgoingRow], object], rows: Sequence[OutgoingRow], rounds: int) -> list[float]:
    """Microseconds of processor time a message, for each round."""
    found = []
    for _round in range(rounds):
        started = time.process_time()
        for row in rows:
            make(row)
        found.append((time.process_time() - started) / len(rows) * 1e6)
    return found


def _usual_way() -> Callable[[OutgoingRow], bytes]:
    subject, text, html = Template(SUBJECT), Template(TEXT), Template(HTML)

    def make(row: OutgoingRow) -> bytes:
        url = unsubscribe_url(row.broadlog_id)
        context = Context({"recipient": row.recipient, "message": {"unsubscribe_url": url}})
        rendered = [template.render(context) for template in (subject, text, html)]
        return _standard_message(row, *rendered).as_bytes()

    return make


def _standard_message(row: OutgoingRow, subject: str, text: str, html: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = SENDER
    message["To"] = formataddr((f"{row.recipient['first_name']} {row.recipient['last_name']}", row.address))
    message["Subject"] = subject
    message["List-Unsubscribe"] = f"<{unsubscribe_url(row.broadlog_id)}>"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _check(renderer: EmailRenderer, version: ContentVersion, rows: Sequence[OutgoingRow]) -> None:
    sources = {"subject": version.subject, "text": version.compiled_text, "html": version.compiled_html}
    personaliser = Personaliser(sources, {"id": version.delivery_id, "label": "Benchmark"})
    for row in rows:
        urls = {name: make(row.broadlog_id) for name, make in MESSAGE_URLS.items()}
        links = [click_url(row.broadlog_id, number) for number in range(10)]
        context = personaliser.context(row.recipient, urls, links, open_url(row.broadlog_id))
        plain = [personaliser.render(part, context) for part in sources]
        expected = _said(_standard_message(row, *plain).as_bytes())
        if _said(renderer.render(row).content) != expected:
            raise SystemExit(f"The message of {row.address} differs from the standard library's.")


def _said(content: bytes) -> list[str]:
    """What a reader finds in a message."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    texts = [str(body.get_content()).rstrip() for body in bodies if body is not None]
    return [*(str(message[name]).strip() for name in ("From", "To", "Subject", "List-Unsubscribe")), *texts]


def _show(ways: dict[str, list[float]], size: int, options: argparse.Namespace) -> None:
    medians = {name: statistics.median(found) for name, found in ways.items()}
    ours, usual = medians["ours"], medians["Django's templates and EmailMessage"]
    line(f"{options.messages:,} messages of {size:,} bytes, {options.rounds} rounds: medians [lowest-highest]")
    rows = [
        [name, f"{medians[name]:.1f} [{min(found):.1f}-{max(found):.1f}]", f"{1e6 / medians[name]:,.0f}"]
        for name, found in ways.items()
    ]
    table(["", "µs of one core", "messages/s"], rows)
    line(f"{SAMPLE} messages read back: each says what the standard library's says")
    verdict(
        "rendering",
        ratio=BUDGET / ours,
        target=TARGET,
        microseconds=round(ours, 1),
        budget_microseconds=BUDGET,
        with_the_language=round(medians["ours, with a condition, a loop and a filter"], 1),
        of_the_usual_way=round(usual / ours, 1),
    )


if __name__ == "__main__":
    main()
