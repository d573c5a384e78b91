"""What apps downstream do with a mail: each handler gets the message that the mail's token names."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from common.registry import Registry


class UnsubscriptionHandler(Protocol):
    def __call__(self, *, broadlog_id: int, now: datetime) -> None:
        """The person who got this message asked by mail for no more. Called in the transaction that keeps the mail."""


unsubscription_handlers: Registry[UnsubscriptionHandler] = Registry("unsubscriptions by mail")
