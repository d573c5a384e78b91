"""django-mailer: queues N mails, then prints the seconds that its own queue runner needs to send them.

`python -m benchmarks.peers.mailer N`, with its settings module. One process: its runner lets no second one in. The
mails are rendered when they are queued, so that only the sending is timed.
"""

from __future__ import annotations

import sys
import time

import django

django.setup()

from django.core.mail import EmailMultiAlternatives  # noqa: E402
from django.core.management import call_command  # noqa: E402
from mailer.engine import send_all  # noqa: E402
from mailer.models import RESULT_SUCCESS, Message, MessageLog  # noqa: E402

from benchmarks.peers.mail import SENDER  # noqa: E402
from benchmarks.peers.rendered import rendered  # noqa: E402
from benchmarks.report import line  # noqa: E402


def main() -> None:
    messages = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    for model in (Message, MessageLog):
        model.objects.all().delete()
    _queue(messages)
    started = time.perf_counter()
    send_all()
    seconds = time.perf_counter() - started
    sent = MessageLog.objects.filter(result=RESULT_SUCCESS).count()
    if sent != messages:
        raise SystemExit(f"django-mailer sent {sent} of {messages}.")
    line(str(seconds))


def _queue(messages: int) -> None:
    queued = []
    for each in rendered(messages):
        mail = EmailMultiAlternatives(each["subject"], each["text"], SENDER, [each["to"]])
        mail.attach_alternative(each["html"], "text/html")
        message = Message()
        message.email = mail
        queued.append(message)
    Message.objects.bulk_create(queued, batch_size=500)


if __name__ == "__main__":
    main()
