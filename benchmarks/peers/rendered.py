"""The reference mail rendered by Django's templates, as a project that queues its mails renders it."""

from __future__ import annotations

from django.template import Context, Template

from benchmarks.peers.mail import HTML, SUBJECT, TEXT


def rendered(count: int) -> list[dict[str, str]]:
    """`to`, `subject`, `text` and `html` of so many mails."""
    templates = {"subject": Template(SUBJECT), "text": Template(TEXT), "html": Template(HTML)}
    return [
        {"to": f"person{number}@example.com"}
        | {name: template.render(_context(number)) for name, template in templates.items()}
        for number in range(count)
    ]


def _context(number: int) -> Context:
    recipient = {"first_name": f"Prénom{number}", "last_name": f"Nom{number}"}
    return Context({"recipient": recipient, "message": {"unsubscribe_url": f"https://www.example.com/u/{number:040}"}})
