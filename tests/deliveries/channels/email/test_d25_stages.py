"""Which stage was refused decides what a refusal means: seven stages, four ways to refuse, a relay or a receiver."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from deliveries.channels.base import Result, SendResult
from deliveries.channels.email.replies import Stage, classify
from deliveries.channels.email.smtp import SmtpConnector, SmtpOptions, Timeouts
from deliveries.endpoints import Endpoint
from recipients.vocabulary import FailureReason, FailureType
from tests.smtp_server import HOST, Dialogue, ListOutbox, message, scripted_server

SHORT = Timeouts(connect=2, greeting=2, command=2, data=2, block=2, final=2, quit=0.2)
CORPUS = Path(__file__).parents[5] / "shared" / "corpora" / "smtp-replies.jsonl"

VERBS = {"CONNECT": "", "EHLO": "EHLO", "AUTH": "AUTH", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", "DOT": "."}
ANSWERS = {"4xx": "451 not now", "5xx": "554 no", "421": "421 closing", "hang-up": None}
# gone: nothing left, nobody blamed. less: the same, and slower. route, receiver: we are refused by our relay, by this
# receiver. later, refused: this message. doubt: the dot had left.
TABLE = {
    #           4xx      5xx         421     hang-up
    "CONNECT": ("gone", "route", "less", "gone"),
    "EHLO": ("gone", "route", "less", "gone"),
    "AUTH": ("gone", "route", "less", "gone"),
    "MAIL": ("gone", "receiver", "less", "gone"),
    "RCPT": ("later", "refused", "less", "gone"),
    "DATA": ("later", "refused", "less", "gone"),
    "DOT": ("later", "refused", "later, less", "doubt"),
}
MEANINGS: dict[str, tuple[Result, FailureType | None, bool, bool, bool]] = {
    # result, failure type, fault of the route, fault in the receiver's eyes, slow down
    "gone": (Result.UNSENT, FailureType.SOFT, False, False, False),
    "less": (Result.UNSENT, FailureType.SOFT, False, False, True),
    "route": (Result.UNSENT, None, True, False, False),
    "receiver": (Result.UNSENT, None, False, True, False),
    "later": (Result.DEFERRED, FailureType.SOFT, False, False, False),
    "later, less": (Result.DEFERRED, FailureType.SOFT, False, False, True),
    "refused": (Result.REFUSED, FailureType.SOFT, False, False, False),
    "doubt": (Result.IN_DOUBT, FailureType.UNDEFINED, False, False, False),
}
CELLS = [
    (stage, fault, TABLE[stage][column]) for stage in TABLE for column, fault in enumerate(ANSWERS)
]  # fmt: skip


def send(stage: str, fault: str, *, direct: bool = False) -> SendResult:
    server = Dialogue({"EHLO": "250-test\r\n250-AUTH PLAIN\r\n250 PIPELINING"})
    if stage == "AUTH":
        server.answers["AUTH"] = ANSWERS[fault]
    else:
        server.answers[VERBS[stage]] = ANSWERS[fault]
        server.answers.setdefault("AUTH", "235 ok")
    if stage == "EHLO":
        server.answers["HELO"] = ANSWERS[fault]
    outbox = ListOutbox([message(1)])

    async def run() -> None:
        async with scripted_server(server) as port, asyncio.timeout(20):
            endpoint = Endpoint(HOST, port, "off", "" if direct else "me", "s3cret")
            options = SmtpOptions(endpoint, timeouts=SHORT, backoff_seconds=(0.01, 0.01), direct=direct)
            await SmtpConnector(options).run_session(1, outbox)

    asyncio.run(run())
    return outbox.results[1]


def meaning_of(result: SendResult) -> tuple[Result, FailureType | None, bool, bool, bool]:
    faults = bool(result.route_fault), bool(result.receiver_fault)
    return result.result, result.failure_type, *faults, result.slow_down


@pytest.mark.parametrize(("stage", "fault", "expected"), CELLS, ids=[f"{cell[0]}-{cell[1]}" for cell in CELLS])
def test_d25_a_refusal_at_a_stage_means_what_the_table_says(stage: str, fault: str, expected: str) -> None:
    assert meaning_of(send(stage, fault)) == MEANINGS[expected]


@pytest.mark.parametrize(("stage", "fault", "expected"), [cell for cell in CELLS if cell[0] != "AUTH"])
def test_d25_a_receivers_own_server_never_blames_the_route(stage: str, fault: str, expected: str) -> None:
    expected = "receiver" if expected == "route" else expected

    assert meaning_of(send(stage, fault, direct=True)) == MEANINGS[expected]


ABOUT_US = [
    "5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.dnsbl.example",
    "5.7.1 Mail from 192.0.2.1 was rejected: see https://www.spamhaus.org/",
    "5.7.1 Your server is listed on our blocklist",
    "5.7.1 The IP you are using is not authorized to send e-mail directly to our servers",
    "5.7.1 Client host rejected: cannot find your reverse hostname",
    "5.7.1 Message rejected because of the poor reputation of the sending address",
    "5.7.1 Sender address rejected: not owned by user",
    "5.7.23 the SPF check failed",
    "5.7.25 no PTR record for the sending address",
    "5.7.26 this mail is unauthenticated",
    "5.7.27 the sender's domain takes no mail",
    "5.7.28 flood of mail from your address",
    "5.7.29 the connection must be encrypted",
    "5.7.350 remote server returned a policy about DMARC",
    "5.7.515 the sending domain does not meet the level required",
    "5.7.606 banned sending address",
    "5.1.8 domain of sender address does not exist",
    "Connection refused: your host is blacklisted",
    "rejected, rDNS of your address does not match",
    "sender domain not found",
]


@pytest.mark.parametrize("text", ABOUT_US)
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
@pytest.mark.parametrize("direct", [True, False])
def test_d25_a_refusal_of_us_quarantines_nobody_and_pauses_the_receiver(text: str, stage: Stage, direct: bool) -> None:
    result = classify(stage, 550, "", f"550 {text}", direct=direct)

    assert meaning_of(result) == MEANINGS["receiver"]


@pytest.mark.parametrize(
    "text",
    [
        "5.7.1 RESOLVER.RST.NotAuthorized; not authorized for this recipient",
        "5.7.133 the group takes mail from its members only",
        "5.7.0 This message was blocked because its content presents a security issue",
        "5.7.1 message contains a virus",
    ],
)
def test_d25_a_refusal_of_one_recipient_or_message_pauses_nobody(text: str) -> None:
    assert meaning_of(classify(Stage.RCPT, 550, "", f"550 {text}")) == MEANINGS["refused"]


# Replies of real servers: whose fault each is

SENDER_SIDE = {"authfailure", "badreputation", "blocked", "norelaying", "rejected", "requireptr", "toomanyconn"}
# What a mailbox does with mail for a user who is unknown to it, and an unknown user, are one text.
AMBIGUOUS = {"filtered", "suspend", "userunknown"}


def replies() -> list[dict[str, Any]]:
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS.name} is not there")
    return [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]


def judged(row: dict[str, Any], stage: Stage = Stage.RCPT) -> SendResult:
    return classify(stage, int(row["replycode"]), "", row["reply"])


@pytest.mark.parametrize("stage", list(Stage))
def test_d25_no_reply_about_us_blames_an_address(stage: Stage) -> None:
    for row in replies():
        if row["reason"] in SENDER_SIDE:
            assert judged(row, stage).failure_type != FailureType.HARD, row["reply"]


def test_d26_replies_of_real_servers_have_their_class() -> None:
    rows = [row for row in replies() if row["label_stable"]]
    right = [row for row in rows if _is_right(row)]

    assert len(right) >= 0.9 * len(rows), [row["reply"] for row in rows if row not in right]


def _is_right(row: dict[str, Any]) -> bool:
    result = judged(row)
    if row["reason"] in AMBIGUOUS:
        return result.failure_reason in (FailureReason.USER_UNKNOWN, FailureReason.ACCOUNT_DISABLED)
    is_hard: bool = row["hardbounce"]
    return (result.failure_type == FailureType.HARD) == is_hard


@pytest.mark.parametrize("code", [421, 450, 451, 452])
def test_d26_a_temporary_code_is_never_hard(code: int) -> None:
    for row in replies():
        assert classify(Stage.RCPT, code, "", row["reply"].replace("5.", "4.", 1)).failure_type == FailureType.SOFT


@pytest.mark.parametrize(
    ("reply", "reason", "failure_type"),
    [
        ("550 5.2.2 user unknown", FailureReason.MAILBOX_FULL, FailureType.SOFT),
        ("450 5.1.1 user unknown", FailureReason.USER_UNKNOWN, FailureType.SOFT),
        ("550 4.1.1 user unknown", FailureReason.USER_UNKNOWN, FailureType.SOFT),
        ("550 5.1.1 mailbox full", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("550 5.1.10 not found by lookup", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("550 5.1.2 whatever", FailureReason.INVALID_DOMAIN, FailureType.HARD),
        ("550 5.1.351 the remote server knows no such recipient", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("550 5.4.1 Recipient address rejected: Access denied", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("554 5.4.1 no answer from the host", FailureReason.UNREACHABLE, FailureType.SOFT),
        ("550 Benutzer unbekannt", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("550 Unrouteable address", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("550 person@example.org not listed in the directory", FailureReason.USER_UNKNOWN, FailureType.HARD),
        ("554 Over quota", FailureReason.MAILBOX_FULL, FailureType.SOFT),
        ("550 user has exhausted the allowed storage space", FailureReason.MAILBOX_FULL, FailureType.SOFT),
    ],
)
def test_d26_the_enhanced_code_beats_the_basic_one_and_words_speak_for_themselves(
    reply: str, reason: FailureReason, failure_type: FailureType
) -> None:
    result = classify(Stage.RCPT, int(reply[:3]), "", reply)

    assert (result.failure_reason, result.failure_type) == (reason, failure_type)
