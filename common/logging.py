"""One event, one line: control characters in names, replies or user agents can't forge a log line."""

from __future__ import annotations

import logging
import re

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def one_line(text: str) -> str:
    return CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


class OneLineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = logging.Formatter.format(self, record)
        head, separator, trace = message.partition("\nTraceback ")
        return one_line(head) + (f"{separator}{trace}" if separator else "")
