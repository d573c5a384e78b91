"""django-post_office: queues N mails, then prints the seconds that its own queue runner needs to send them.

`python -m benchmarks.peers.post_office N`, with its settings module. The mails are rendered when they are queued, so
that only the sending is timed (ours renders while it sends).
"""

from __future__ import annotations

import sys
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from post_office import mail  # noqa: E402
from post_office.models import STATUS, Email  # noqa: E402

from benchmarks.peers.mail import SENDER  # noqa: E402
from benchmarks.peers.post_office_settings import PROCESSES  # noqa: E402
from benchmarks.peers.rendered import rendered  # noqa: E402
from benchmarks.report import line  # noqa: E402


def main() -> None:
    messages = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    Email.objects.all().delete()
    _queue(messages)
    started = time.perf_counter()
    mail.send_queued_mail_until_done(processes=PROCESSES, log_level=0)
    seconds = time.perf_counter() - started
    sent = Email.objects.filter(status=STATUS.sent).count()
    if sent != messages:
        raise SystemExit(f"django-post_office sent {sent} of {messages}.")
    line(str(seconds))


def _queue(messages: int) -> None:
    mail.send_many(
        [
            {
                "sender": SENDER,
                "recipients": [each["to"]],
                "subject": each["subject"],
                "message": each["text"],
                "html_message": each["html"],
            }
            for each in rendered(messages)
        ]
    )


if __name__ == "__main__":
    main()
