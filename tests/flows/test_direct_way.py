"""The direct way as operators start it: `mta start`, a route to `mx://`, a DNS server, and a sink for each domain."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deliveries.models import DeliveryState, MessageStatus
from recipients.vocabulary import FailureReason, FailureType
from tests.dns_server import Zones, dns_server
from tests.faults.checker import check_account
from tests.faults.installation import Installation
from tests.faults.witness import Witness
from tests.services import smtp_sink_path
from tests.smtp_server import free_port

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow]
ONE, TWO, NOBODY = "127.0.0.2", "127.0.0.3", "127.0.0.4"
ZONES: Zones = {
    "one.example": {"MX": ["10 mail.one.example."]},
    "mail.one.example": {"A": [ONE]},
    # The preferred server is out of order: nothing listens there.
    "two.example": {"MX": ["10 gone.two.example.", "20 mail.two.example."]},
    "gone.two.example": {"A": [NOBODY]},
    "mail.two.example": {"A": [TWO]},
    "no-mail.example": {"MX": ["0 ."]},
}
# The last one does not exist.
DOMAINS = ("one.example", "two.example", "no-mail.example", "absent.example")
EACH = 15


@contextlib.contextmanager
def sink(host: str, port: int, folder: Path) -> Iterator[Witness]:
    dumps = folder / host
    dumps.mkdir()
    dumps.chmod(0o777)
    for parent in dumps.parents:
        with contextlib.suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o011)
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [str(smtp_sink_path()), *as_nobody, "-R", str(dumps), "-D", "dump", f"{host}:{port}", "100"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not _listens(host, port):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield Witness(port, dumps / "dump")
    finally:
        process.terminate()
        process.wait(10)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def test_each_domain_gets_its_mail_from_its_own_server(tmp_path: Path) -> None:
    port = free_port()
    with dns_server(ZONES) as dns, sink(ONE, port, tmp_path) as one, sink(TWO, port, tmp_path) as two:
        installation = prepared(tmp_path, port, DNS_SERVER=dns.address, MTA_ALLOW_PRIVATE_MX="1")

        mta = installation.start("mta", "start")
        try:
            installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED, seconds=120)
            mta.terminate()
            assert mta.wait(60) == 0, installation.log()
        finally:
            if mta.poll() is None:
                mta.kill()
                mta.wait()
        one.look()
        two.look()

    assert one.copies == addresses_of("one.example")
    assert two.copies == addresses_of("two.example")
    check_account(installation)
    found = installation.query("SELECT address, status, failure_type, failure_reason FROM deliveries_broadlog")
    sent = {address: 1 for address, *said in found if said == [MessageStatus.SENT, None, None]}
    dead = [MessageStatus.FAILED, FailureType.HARD, FailureReason.INVALID_DOMAIN]
    failed = {address: 1 for address, *said in found if said == dead}
    assert sent == {**addresses_of("one.example"), **addresses_of("two.example")}
    assert failed == {**addresses_of("no-mail.example"), **addresses_of("absent.example")}
    # A domain is looked up once, however many are written to there.
    assert {domain: dns.asked[domain, "MX"] for domain in DOMAINS} == dict.fromkeys(DOMAINS, 1)


def prepared(folder: Path, port: int, **environment: str) -> Installation:
    """A delivery in progress to as many people in each domain; nothing listens on port 9."""
    installation = Installation(folder / "var", database_url="", smtp_port=9, **environment)
    installation.prepare(EACH * len(DOMAINS), connections=4)
    cases = " ".join(f"WHEN {number} THEN '{domain}'" for number, domain in enumerate(DOMAINS))
    move = f"replace(address, 'example.com', CASE id % {len(DOMAINS)} {cases} END)"
    installation.execute(f"UPDATE deliveries_broadlog SET address = {move}")
    installation.execute(f"UPDATE deliveries_route SET url = 'mx://:{port}'")
    return installation


def addresses_of(domain: str) -> dict[str, int]:
    """Once each."""
    numbers = range(1, EACH * len(DOMAINS) + 1)
    return {f"person{number}@{domain}": 1 for number in numbers if number % len(DOMAINS) == DOMAINS.index(domain)}
