"""The log of Postfix: a Message-ID names a queue entry, and the entry's lines say what became of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from deliveries.channels.email.addresses import broadlog_of_message_id
from deliveries.mta.settling.formats import LogReader, Sight, Sighting, log_formats

_ENTRY = rb"\[\d+\]: (?:(?:info|debug): )?([0-9A-Za-z]{5,20}): "
_MESSAGE_ID = re.compile(_ENTRY + rb"message-id=(<[^>]{1,320}>)")
_NEWS = re.compile(_ENTRY + rb"(.*)", re.DOTALL)
_STATUS = re.compile(rb"dsn=(\d\.\d+\.\d+), status=(\w+) ?(?:\((.*)\))?", re.DOTALL)
# Only the queue manager's lines say that the message is in the queue, on disk.
_QUEUED = re.compile(rb"from=<[^>]*>, size=\d+|removed$")
_SYSLOG = re.compile(rb"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
_RFC3339 = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* ")
_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}


@log_formats.register("postfix")
class PostfixLog(LogReader):
    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._entries: dict[bytes, int] = {}

    def feed(self, line: bytes) -> None:
        found = _MESSAGE_ID.search(line) if b" message-id=<" in line else None
        if found is not None:
            self._note_entry(found.group(1), found.group(2))
        elif self._entries:
            self._note_news(line)

    @staticmethod
    def time_of(line: bytes, now: datetime) -> datetime | None:
        """Of both styles: `Nov 21 16:30:00` in the machine's zone, without a year, and RFC 3339."""
        try:
            if precise := _RFC3339.match(line):
                return datetime.fromisoformat(precise.group().decode().strip()).astimezone(UTC)
            syslog = _SYSLOG.match(line)
            return _latest(syslog, now) if syslog else None
        except (ValueError, KeyError):
            return None

    def _note_entry(self, entry: bytes, message_id: bytes) -> None:
        number = broadlog_of_message_id(message_id.decode("ascii", "replace"))
        if number is None or number not in self.wanted:
            # The relay uses its queue's names again: this one is somebody else's now.
            self._entries.pop(entry, None)
            return
        self._entries[entry] = number
        self.sightings.setdefault(number, Sighting(Sight.SEEN))

    def _note_news(self, line: bytes) -> None:
        found = _NEWS.search(line)
        number = self._entries.get(found.group(1)) if found else None
        if found is None or number is None:
            return
        said = found.group(2).rstrip()
        status = _STATUS.search(said)
        if status is not None and status.group(2) == b"bounced":
            self.sightings[number] = _bounce(status)
        elif status is not None or _QUEUED.match(said):
            self._take(number)
        if said == b"removed":
            del self._entries[found.group(1)]

    def _take(self, number: int) -> None:
        if self.sightings[number].sight is Sight.SEEN:
            self.sightings[number] = Sighting(Sight.TAKEN)


def _bounce(status: re.Match[bytes]) -> Sighting:
    detail = (status.group(3) or b"").decode("utf-8", "replace")
    return Sighting(Sight.BOUNCED, status.group(1).decode(), detail)


def _latest(syslog: re.Match[bytes], now: datetime) -> datetime:
    """In the last year in which it is not in the future."""
    month, (day, hour, minute, second) = _MONTHS[syslog.group(1)], (int(syslog.group(n)) for n in (2, 3, 4, 5))
    zone = machine_zone()
    year = now.astimezone(zone).year
    found = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    if found > now + timedelta(days=1):
        found = found.replace(year=year - 1)
    return found.astimezone(UTC)


@lru_cache
def machine_zone() -> tzinfo:
    """The zone of the machine, in which its logs are written; the installation's own may be another."""
    try:
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC
