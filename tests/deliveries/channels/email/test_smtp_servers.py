"""The SMTP connector against scripted servers: hostile, slow, encrypted, asking for credentials."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings

from deliveries.channels.base import Message, Result
from deliveries.channels.email.smtp import SmtpConnector, SmtpOptions, Timeouts, route_connector
from deliveries.endpoints import Endpoint
from deliveries.models import Route
from deliveries.models.route import Authentication
from recipients.vocabulary import FailureReason, FailureType
from tests.smtp_server import HOST, Dialogue, ListOutbox, Script, free_port, message, scripted_server

SHORT = Timeouts(connect=0.4, greeting=0.4, command=0.4, data=0.4, block=0.4, final=0.4, quit=0.2)


def talk(
    server: Script, *messages: Message, tls: str = "off", username: str = "", password: str = "", **options: object
) -> ListOutbox:
    outbox = ListOutbox(list(messages) or [message(1), message(2)])
    defaults: dict[str, object] = {"timeouts": SHORT, "backoff_seconds": (0.01, 0.02)}

    async def run() -> None:
        async with scripted_server(server) as port, asyncio.timeout(20):
            endpoint = Endpoint(HOST, port, tls, username, password)
            one = SmtpConnector(SmtpOptions(endpoint, **{**defaults, **options}))  # type: ignore[arg-type]
            await one.run_session(1, outbox)

    asyncio.run(run())
    return outbox


def outcomes(outbox: ListOutbox) -> list[Result]:
    return [outbox.results[number].result for number in sorted(outbox.results)]


def test_a_reply_in_another_encoding_becomes_one_clean_line() -> None:
    async def latin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554-refus\xe9\x1b[31m\r\n554 \0et\tclos\r\n")

    detail = talk(latin, message(1)).results[1].detail

    assert detail.isprintable()
    assert "554" in detail
    assert "et clos" in detail


def deaf_after_data(words: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250 test\r\n")
        for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(answer)
        await reader.read(100_000)
        writer.write(words)
        await asyncio.sleep(2)

    return script


@pytest.mark.parametrize(("words", "said"), [(b"", "0.4"), (b"552 enough of this\r\n", "552 enough of this")])
def test_a_server_that_stops_reading_a_long_mail_has_not_got_it(words: bytes, said: str) -> None:
    outbox = talk(deaf_after_data(words), message(1, b"x" * 70 + b"\r\n" * 10_000_000))

    assert outcomes(outbox) == [Result.UNSENT]
    assert said in outbox.results[1].detail
    assert outbox.journal == [("record", 1)]


def test_silence_at_quit_changes_nothing() -> None:
    assert outcomes(talk(Dialogue({"QUIT": "…"}))) == [Result.ACCEPTED] * 2


def test_d35_the_time_limits_are_those_of_the_standard() -> None:
    limits = Timeouts()

    assert (limits.connect, limits.greeting, limits.command) == (300, 300, 300)
    assert (limits.data, limits.block, limits.final) == (120, 180, 600)


@pytest.mark.parametrize(("verb", "expected"), [(".", Result.IN_DOUBT), ("DATA", Result.UNSENT)])
def test_a_cancelled_session_knows_which_dot_had_left(verb: str, expected: Result) -> None:
    outbox = ListOutbox([message(1), message(2), message(3)])

    async def run() -> None:
        async with scripted_server(Dialogue({verb: "…"})) as port:
            one = SmtpConnector(SmtpOptions(Endpoint(HOST, port, "off", "", "")))
            task = asyncio.create_task(one.run_session(1, outbox))
            await asyncio.sleep(0.3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()

    asyncio.run(run())

    taken = sorted(outbox.results)
    assert outbox.results[1].result is expected
    assert [outbox.results[number].result for number in taken[1:]] == [Result.UNSENT] * (len(taken) - 1)
    assert len(taken) + len(outbox.messages) == 3


def test_a_failing_outbox_leaves_no_message_without_an_outcome() -> None:
    class FullDisk(ListOutbox):
        def intend(self, message: Message, session: int) -> bool:
            raise OSError("No space left on device")

    outbox, server = FullDisk([message(1), message(2)]), Dialogue()

    async def run() -> None:
        async with scripted_server(server) as port:
            one = SmtpConnector(SmtpOptions(Endpoint(HOST, port, "off", "", ""), timeouts=SHORT))
            with pytest.raises(OSError, match="No space left"):
                await one.run_session(1, outbox)

    asyncio.run(run())

    assert outcomes(outbox) == [Result.UNSENT] * 2
    assert server.mails == []


def test_a_refused_recipient_does_not_harm_the_next_one() -> None:
    server = Dialogue({"RCPT": ["550 5.1.1 no such user", "250 ok"], "DATA": ["503 no recipient", "354 go"]})
    outbox = talk(server)

    assert outcomes(outbox) == [Result.REFUSED, Result.ACCEPTED]
    assert outbox.results[1].failure_reason == FailureReason.USER_UNKNOWN
    assert "RSET" in server.commands
    assert [mail for mail in server.mails if b"mail 2" in mail] == server.mails


@pytest.mark.parametrize("answer", ["554 no valid recipients", "250 fine"])
def test_data_granted_without_a_recipient_is_closed_with_a_lone_dot(answer: str) -> None:
    server = Dialogue({"RCPT": ["550 5.1.1 no such user"], ".": [answer]})
    outbox = talk(server)

    assert outcomes(outbox) == [Result.REFUSED, Result.ACCEPTED]
    assert server.mails[0] == b""
    assert b"mail 2" in server.mails[1]
    assert outbox.journal[0] == ("record", 1)


def test_data_granted_to_a_refused_sender_is_never_ended_with_a_dot() -> None:
    server = Dialogue({"MAIL": ["451 later", "250 ok"]})
    outbox = talk(server)

    assert outbox.results[1].result is Result.UNSENT
    assert all(mail for mail in server.mails)


def test_a_server_that_closes_after_a_few_mails_costs_no_message() -> None:
    server = Dialogue({"MAIL": ["250 ok", "250 ok", "421 enough for one connection", "250 ok", "250 ok"]})
    outbox = talk(server, *(message(number) for number in range(1, 5)))

    assert outcomes(outbox) == [Result.ACCEPTED] * 4
    assert len(server.mails) == 4
    assert sum(command.startswith("EHLO") for command in server.commands) == 2


def test_an_idle_connection_is_given_back_and_made_again() -> None:
    server, more = Dialogue(), asyncio.Event()
    outbox = ListOutbox([message(1)], wait_for_more=more)

    async def run() -> None:
        async with scripted_server(server) as port:
            options = SmtpOptions(Endpoint(HOST, port, "off", "", ""), timeouts=SHORT, idle_seconds=0.1)
            task = asyncio.create_task(SmtpConnector(options).run_session(1, outbox))
            await asyncio.sleep(0.4)
            assert server.commands[-1] == "QUIT"
            outbox.messages.append(message(2))
            outbox.wait_for_more = None
            more.set()
            await task

    asyncio.run(run())

    assert outcomes(outbox) == [Result.ACCEPTED] * 2
    assert server.commands.count("QUIT") == 2


def test_nobody_waits_for_the_next_message_while_one_is_open() -> None:
    server, more = Dialogue(), asyncio.Event()
    outbox = ListOutbox([message(1)], wait_for_more=more)

    async def run() -> None:
        async with scripted_server(server) as port:
            options = SmtpOptions(Endpoint(HOST, port, "off", "", ""), timeouts=SHORT)
            task = asyncio.create_task(SmtpConnector(options).run_session(1, outbox))
            await asyncio.sleep(0.2)
            assert outcomes(outbox) == [Result.ACCEPTED]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_a_message_larger_than_the_server_takes_is_refused_here() -> None:
    server = Dialogue({"EHLO": "250-test\r\n250-SIZE 1000\r\n250 PIPELINING"})
    outbox = talk(server, message(1, b"x" * 1001), message(2))

    assert outcomes(outbox) == [Result.REFUSED, Result.ACCEPTED]
    assert outbox.results[1].failure_type == FailureType.SOFT
    assert sum(command.startswith("MAIL") for command in server.commands) == 1
    assert f"SIZE={len(message(2).content)}" in next(line for line in server.commands if line.startswith("MAIL"))


def test_d13_an_international_address_needs_the_extension() -> None:
    mails = [message(1, address="été@example.org"), message(2)]
    with_extension = Dialogue({"EHLO": "250-test\r\n250 SMTPUTF8"})

    without = talk(Dialogue(), *mails)
    accepted = talk(with_extension, *mails)

    assert outcomes(without) == [Result.REFUSED, Result.ACCEPTED]
    assert without.results[1].failure_reason == FailureReason.BAD_QUALITY
    assert outcomes(accepted) == [Result.ACCEPTED] * 2
    assert "MAIL FROM:<bounce@example.com> SMTPUTF8" in with_extension.commands
    assert "RCPT TO:<été@example.org>" in with_extension.commands


def test_eight_bit_content_is_announced_where_the_server_knows_it() -> None:
    server = Dialogue({"EHLO": "250-test\r\n250 8BITMIME"})
    talk(server, message(1, "Subject: x\r\n\r\nété\r\n".encode()), message(2))

    assert [line for line in server.commands if line.startswith("MAIL")] == [
        "MAIL FROM:<bounce@example.com> BODY=8BITMIME",
        "MAIL FROM:<bounce@example.com>",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("base_url", "name"),
    [("https://mail.example.com/x", "mail.example.com"), ("http://localhost:8000", ""), ("http://10.0.0.1", "")],
)
def test_a_route_becomes_a_connector_that_says_our_name(settings: LazySettings, base_url: str, name: str) -> None:
    settings.BASE_URL = base_url
    made = route_connector(Route.objects.create(label="Relay", url="smtp://relay.example:2525"))

    assert made.options.local_name == name
    assert str(made.options.endpoint) == "relay.example:2525"


def test_a_host_without_a_name_greets_with_its_address() -> None:
    server = Dialogue()
    talk(server)

    assert server.commands[0] == "EHLO [127.0.0.1]"


# Credentials


@pytest.mark.parametrize(
    ("mechanisms", "answers", "said"),
    [
        ("PLAIN LOGIN", {"AUTH": "235 ok"}, ["AUTH PLAIN " + base64.b64encode(b"\0me\0s3cret").decode()]),
        (
            "LOGIN",
            {"AUTH": "334 VXNlcm5hbWU6", "BWU=": "334 UGFzc3dvcmQ6", "CZNJCMV0": "235 ok"},
            ["AUTH LOGIN", base64.b64encode(b"me").decode(), base64.b64encode(b"s3cret").decode()],
        ),
    ],
)
def test_credentials_are_given_as_the_server_asks(mechanisms: str, answers: dict[str, str], said: list[str]) -> None:
    words = {base64.b64encode(b"me").decode().upper(): "334 UGFzc3dvcmQ6"}
    words[base64.b64encode(b"s3cret").decode().upper()] = "235 ok"
    server = Dialogue({"EHLO": f"250-test\r\n250 AUTH {mechanisms}", **words, "AUTH": answers["AUTH"]})
    outbox = talk(server, username="me", password="s3cret")

    assert outcomes(outbox) == [Result.ACCEPTED] * 2
    assert server.commands[1 : 1 + len(said)] == said


@pytest.mark.parametrize(
    ("answers", "words"),
    [({"EHLO": "250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong"}, "535 5.7.8 wrong"), ({"EHLO": "250 test"}, "credentials")],
)
def test_credentials_that_are_not_taken_are_the_fault_of_the_route(answers: dict[str, str], words: str) -> None:
    answers = {**answers, "EHLO": "250-test\r\n" + answers["EHLO"]}
    outbox = talk(Dialogue({**answers}), username="me", password="s3cret")

    assert outcomes(outbox) == [Result.UNSENT] * 2
    assert all(words in result.route_fault for result in outbox.results.values())
    assert all(result.failure_type is None for result in outbox.results.values())
    assert not any("s3cret" in str(result) for result in outbox.results.values())


def with_token(port: int, token: str = "t0ken") -> SmtpConnector:
    endpoint = Endpoint(HOST, port, "off", "me@example.com", token, Authentication.XOAUTH2)
    return SmtpConnector(SmtpOptions(endpoint, timeouts=SHORT, backoff_seconds=(0.01, 0.02)))


def give_token(server: Dialogue) -> ListOutbox:
    outbox = ListOutbox([message(1)])

    async def run() -> None:
        async with scripted_server(server) as port, asyncio.timeout(20):
            await with_token(port).run_session(1, outbox)

    asyncio.run(run())
    return outbox


def test_a_token_is_given_in_one_line() -> None:
    server = Dialogue({"EHLO": "250-x\r\n250 AUTH XOAUTH2 PLAIN", "AUTH": "235 ok"})

    assert outcomes(give_token(server)) == [Result.ACCEPTED]
    verb, mechanism, answer = server.commands[1].split()
    assert (verb, mechanism) == ("AUTH", "XOAUTH2")
    assert base64.b64decode(answer) == b"user=me@example.com\1auth=Bearer t0ken\1\1"


def test_a_refused_token_is_the_fault_of_the_route_and_the_challenge_is_answered() -> None:
    challenge = base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode()
    server = RefusingTokens({"EHLO": "250-x\r\n250 AUTH XOAUTH2", "AUTH": f"334 {challenge}"})
    result = give_token(server).results[1]

    assert server.commands[2] == ""
    assert (result.result, result.route_fault) == (Result.UNSENT, "535 5.7.8 bad token")
    assert "t0ken" not in str(result)


class RefusingTokens(Dialogue):
    """Answers the empty line that follows its challenge; before that it is the greeting."""

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> str:
        if verb == "" and self.commands:
            self.answers[""] = "535 5.7.8 bad token"
        return await super()._answer(verb, writer)


def test_a_temporary_refusal_of_credentials_is_nobodys_fault() -> None:
    outbox = talk(Dialogue({"EHLO": "250-x\r\n250 AUTH PLAIN", "AUTH": "454 4.7.0 later"}), username="a", password="b")

    assert outcomes(outbox) == [Result.UNSENT] * 2
    assert not any(result.route_fault for result in outbox.results.values())


# Encryption


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    instant = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(instant - datetime.timedelta(days=1))
        .not_valid_after(instant + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Mails:
    """aiosmtpd's handler that keeps what came, and whether it came encrypted."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, bool]] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.received.append((envelope.content, session.ssl is not None))  # type: ignore[attr-defined]
        return "250 ok"


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[tuple[int, Mails]]:
    from aiosmtpd.controller import Controller

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    mails = Mails()
    controller = Controller(mails, hostname=HOST, port=free_port(), tls_context=context)
    controller.start()
    yield controller.port, mails
    controller.stop()


def send_to(port: int, tls: str, context: ssl.SSLContext | None = None) -> ListOutbox:
    outbox = ListOutbox([message(1), message(2)])
    options = SmtpOptions(
        Endpoint("localhost", port, tls, "", ""),
        timeouts=Timeouts(*[5] * 7),
        backoff_seconds=(0.01, 0.01),
        tls_context=context,
    )
    asyncio.run(SmtpConnector(options).run_session(1, outbox))
    return outbox


def test_encryption_is_used_where_it_is_offered(encrypted: tuple[int, Mails]) -> None:
    port, mails = encrypted
    outbox = send_to(port, "opportunistic")

    assert outcomes(outbox) == [Result.ACCEPTED] * 2
    assert mails.received == [(message(number).content, True) for number in (1, 2)]


def test_required_encryption_asks_for_a_certificate_that_can_be_trusted(
    encrypted: tuple[int, Mails], certificate: Path
) -> None:
    port, mails = encrypted
    trusting = ssl.create_default_context(cafile=str(certificate))

    assert outcomes(send_to(port, "required")) == [Result.UNSENT] * 2
    assert mails.received == []
    assert outcomes(send_to(port, "required", trusting)) == [Result.ACCEPTED] * 2
    assert all(was_encrypted for _content, was_encrypted in mails.received)


def test_encryption_from_the_first_byte(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server, outbox = Dialogue(), ListOutbox([message(1)])

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server(reader, writer)
        writer.close()

    async def run() -> None:
        listening = await asyncio.start_server(handle, HOST, 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        trusting = ssl.create_default_context(cafile=str(certificate))
        options = SmtpOptions(Endpoint("localhost", port, "implicit", "", ""), timeouts=SHORT, tls_context=trusting)
        await SmtpConnector(options).run_session(1, outbox)
        listening.close()

    asyncio.run(run())

    assert outcomes(outbox) == [Result.ACCEPTED]


def test_required_encryption_that_is_not_offered_is_the_fault_of_the_route() -> None:
    outbox = talk(Dialogue(), tls="required")

    assert outcomes(outbox) == [Result.UNSENT] * 2
    assert all(result.route_fault for result in outbox.results.values())


def test_an_offered_encryption_that_does_not_work_is_left_out() -> None:
    server = Dialogue({"EHLO": "250-test\r\n250 STARTTLS", "STARTTLS": "454 not now"})
    outbox = talk(server, tls="opportunistic")

    assert outcomes(outbox) == [Result.ACCEPTED] * 2


def test_d34_what_was_said_before_the_handshake_is_forgotten(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    spoken: list[str] = []

    async def injecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-test\r\n250 STARTTLS\r\n")
        await reader.readline()
        # Whoever sits on the line answers the next EHLO in advance, in clear.
        writer.write(b"220 go\r\n250-injected\r\n250 SIZE 1\r\n")
        await writer.drain()
        await writer.start_tls(context)
        dialogue = Dialogue({"": "250-real\r\n250 PIPELINING"})
        spoken.append((await reader.readline()).decode())
        await dialogue(reader, writer)
        spoken.extend(dialogue.commands)

    outbox = talk(injecting, message(1), tls="opportunistic")

    assert outcomes(outbox) == [Result.ACCEPTED]
    assert [line.partition(" ")[0] for line in spoken] == ["EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"]
