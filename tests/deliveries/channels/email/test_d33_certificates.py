"""Eight certificates: required encryption takes the good ones only and never falls to clear text."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from deliveries.channels.base import Result
from deliveries.channels.email.smtp import SmtpConnector, SmtpOptions, Timeouts
from deliveries.endpoints import Endpoint
from recipients.vocabulary import FailureType
from tests.certificates import make_authority, make_self_signed
from tests.smtp_server import Dialogue, ListOutbox, Script, message, scripted_server

HOST = "mail.example.com"
SHORT = Timeouts(connect=5, greeting=5, command=5, data=5, block=5, final=5, quit=0.2)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    trusted, other = make_authority(folder, "trusted"), make_authority(folder, "other")
    return {
        "authority": trusted.path,
        "good": trusted.issue(folder, [HOST, HOST]),
        "a wildcard": trusted.issue(folder, ["*.example.com", "*.example.com"]),
        "one of several names": trusted.issue(folder, ["x.example", "x.example", HOST]),
        "expired": trusted.issue(folder, [HOST, HOST], begins=-9, ends=-2),
        "not valid yet": trusted.issue(folder, [HOST, HOST], begins=2, ends=9),
        "of another host": trusted.issue(folder, ["other.example.com", "other.example.com"]),
        "of another authority": other.issue(folder, [HOST, HOST]),
        "self-signed": make_self_signed(folder, HOST),
    }


GOOD = ["good", "a wildcard", "one of several names"]
BAD = ["expired", "not valid yet", "of another host", "of another authority", "self-signed"]


class Encrypting:
    """A server that offers STARTTLS and keeps what came, apart by whether it came encrypted."""

    def __init__(self, certificate: Path) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate)
        self.clear = Dialogue({"EHLO": "250-test\r\n250 STARTTLS"})
        self.encrypted = Dialogue()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-test\r\n250 STARTTLS\r\n")
        line = await reader.readline()
        if line != b"STARTTLS\r\n":
            self.clear.commands.append(line.decode())
            await Dialogue({"": "250 ok"})(reader, writer)
            return
        writer.write(b"220 go\r\n")
        await writer.start_tls(self.context)
        await reader.readline()
        # The reply to the second EHLO stands in for the greeting.
        self.encrypted.answers[""] = "250-test\r\n250 PIPELINING"
        await self.encrypted(reader, writer)


def send(server: Script, tls: str, authority: Path | None) -> ListOutbox:
    outbox = ListOutbox([message(1)])
    trusting = ssl.create_default_context(cafile=str(authority)) if authority else None

    async def run() -> None:
        async with scripted_server(server) as port, asyncio.timeout(20):
            options = SmtpOptions(
                Endpoint(HOST, port, tls, "", ""),
                address="127.0.0.1",
                timeouts=SHORT,
                backoff_seconds=(0.01, 0.01),
                tls_context=trusting,
            )
            await SmtpConnector(options).run_session(1, outbox)

    asyncio.run(run())
    return outbox


@pytest.mark.parametrize("name", GOOD)
def test_d33_required_encryption_takes_a_good_certificate(certificates: dict[str, Path], name: str) -> None:
    server = Encrypting(certificates[name])
    outbox = send(server, "required", certificates["authority"])

    assert outbox.results[1].result is Result.ACCEPTED
    assert len(server.encrypted.mails) == 1


@pytest.mark.parametrize("name", BAD)
def test_d33_required_encryption_refuses_a_bad_certificate_and_sends_nothing(
    certificates: dict[str, Path], name: str
) -> None:
    server = Encrypting(certificates[name])
    result = send(server, "required", certificates["authority"]).results[1]

    assert (result.result, result.failure_type) == (Result.UNSENT, FailureType.SOFT)
    assert "certificate" in result.detail.lower()
    assert server.encrypted.mails == []
    assert server.clear.commands == []


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_d33_opportunistic_encryption_takes_any_certificate(certificates: dict[str, Path], name: str) -> None:
    server = Encrypting(certificates[name])
    outbox = send(server, "opportunistic", None)

    assert outbox.results[1].result is Result.ACCEPTED
    assert len(server.encrypted.mails) == 1
    assert server.clear.commands == []


def test_d33_a_server_that_breaks_the_handshake_gets_nothing_in_clear_where_encryption_is_required() -> None:
    talked: list[str] = []

    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-test\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\nthis is no handshake")
        talked.append((await reader.read(3)).decode("latin-1"))

    result = send(breaking, "required", None).results[1]

    assert result.result is Result.UNSENT
    assert not any(word.startswith("MAI") for word in talked)
