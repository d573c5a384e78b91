"""What replies mean. The words below are the sort of thing that servers say; the judgement is by class."""

from __future__ import annotations

import pytest

from deliveries.channels.base import Result
from deliveries.channels.email.replies import Stage, classify
from recipients.vocabulary import FailureReason, FailureType

# (code, text, class, reason): hard = the address is done for, full/soft = another time or message,
# ours = we are refused, relay = our relay refuses us.
REPLIES: list[tuple[int, str, str, FailureReason | None]] = [
    (550, "5.1.1 <a@b.example>: User unknown in virtual table", "hard", FailureReason.USER_UNKNOWN),
    (550, "5.1.1 The email account that you tried to reach does not exist.", "hard", FailureReason.USER_UNKNOWN),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by lookup", "hard", FailureReason.USER_UNKNOWN),
    (550, "No such person at this address", "hard", FailureReason.USER_UNKNOWN),
    (550, "Requested action not taken: mailbox unavailable", "hard", FailureReason.USER_UNKNOWN),
    (551, "not our customer", "hard", FailureReason.USER_UNKNOWN),
    (554, "5.0.0 Unknown recipient", "hard", FailureReason.USER_UNKNOWN),
    (550, "5.1.1 Adresse inconnue", "hard", FailureReason.USER_UNKNOWN),
    (550, "5.1.2 Bad destination system", "hard", FailureReason.INVALID_DOMAIN),
    (550, "Domain not found", "hard", FailureReason.INVALID_DOMAIN),
    (556, "this domain takes no mail", "hard", FailureReason.INVALID_DOMAIN),
    (552, "5.2.2 mailbox of this user is full", "full", FailureReason.MAILBOX_FULL),
    (550, "Quota exceeded for this user", "full", FailureReason.MAILBOX_FULL),
    (452, "4.2.2 The recipient's inbox is out of storage space", "soft", FailureReason.MAILBOX_FULL),
    (550, "5.2.1 This account has been disabled", "refused", FailureReason.ACCOUNT_DISABLED),
    (550, "Account suspended", "refused", FailureReason.ACCOUNT_DISABLED),
    (450, "4.1.1 User unknown, try again", "soft", FailureReason.USER_UNKNOWN),
    (451, "4.7.1 Greylisted, please come back", "soft", FailureReason.REFUSED),
    (450, "4.4.1 no answer from host", "soft", FailureReason.UNREACHABLE),
    (554, "5.7.1 Message contains spam", "refused", FailureReason.REFUSED),
    (552, "5.3.4 Message size exceeds the limit", "refused", FailureReason.REFUSED),
    (550, "5.6.0 malformed header", "refused", FailureReason.REFUSED),
    (500, "5.5.2 command not recognised", "refused", FailureReason.REFUSED),
    (554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.example.org", "ours", None),
    (550, "5.7.1 Unable to relay for this address", "ours", None),
    (554, "5.7.1 <a@example.org>: Relay access denied", "ours", None),
    (550, "5.7.26 This mail is unauthenticated", "ours", None),
    (550, "5.7.25 The sending IP has no PTR record", "ours", None),
    (550, "5.7.515 Access denied, the sending domain does not meet the requirements", "ours", None),
    (550, "5.1.8 Sender address does not resolve", "ours", None),
    (530, "5.7.0 Authentication required", "relay", None),
    (550, "Your server's poor reputation", "ours", None),
    (553, "sender rejected", "ours", None),
]  # fmt: skip
CLASSES = {
    "hard": (Result.REFUSED, FailureType.HARD),
    "refused": (Result.REFUSED, FailureType.SOFT),
    "full": (Result.DEFERRED, FailureType.SOFT),
    "soft": (Result.DEFERRED, FailureType.SOFT),
    "ours": (Result.UNSENT, None),
    "relay": (Result.UNSENT, None),
}


@pytest.mark.parametrize(("code", "text", "meaning", "reason"), REPLIES, ids=[f"{row[0]} {row[1]}" for row in REPLIES])
def test_a_reply_to_the_recipient_has_its_class(
    code: int, text: str, meaning: str, reason: FailureReason | None
) -> None:
    result = classify(Stage.RCPT, code, "", f"{code} {text}")

    assert (result.result, result.failure_type) == CLASSES[meaning]
    assert result.failure_reason == reason
    assert bool(result.route_fault) == (meaning == "relay")
    assert bool(result.receiver_fault) == (meaning == "ours")
    assert result.detail == f"{code} {text}"


def test_the_enhanced_code_beats_the_basic_code_and_the_words() -> None:
    assert classify(Stage.RCPT, 550, "5.2.2", "user unknown").failure_reason == FailureReason.MAILBOX_FULL
    assert classify(Stage.RCPT, 550, "4.2.1", "try later").result is Result.DEFERRED


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("text", [row[1] for row in REPLIES])
def test_a_temporary_reply_is_never_hard_and_never_a_fault_of_the_route(stage: Stage, text: str) -> None:
    for code in (421, 450, 451, 452):
        result = classify(stage, code, "", text.replace("5.", "4.", 1) if text.startswith("5.") else text)

        assert result.failure_type == FailureType.SOFT
        assert result.result in (Result.DEFERRED, Result.UNSENT)
        assert not (result.route_fault or result.receiver_fault)


@pytest.mark.parametrize("stage", [Stage.CONNECT, Stage.EHLO, Stage.AUTH, Stage.MAIL])
@pytest.mark.parametrize("row", REPLIES, ids=[row[1] for row in REPLIES])
def test_nothing_before_the_recipient_blames_the_recipient(
    stage: Stage, row: tuple[int, str, str, FailureReason | None]
) -> None:
    result = classify(stage, row[0], "", row[1])

    about_size = stage is Stage.MAIL and "size" in row[1]
    assert result.result is (Result.REFUSED if about_size else Result.UNSENT)
    assert result.failure_type != FailureType.HARD
    ours = row[0] >= 500 and not about_size
    assert bool(result.route_fault or result.receiver_fault) == ours
    assert bool(result.route_fault) == (ours and (stage is not Stage.MAIL or row[0] == 530))


@pytest.mark.parametrize("stage", [Stage.CONNECT, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
def test_a_receivers_own_server_is_at_odds_with_us_not_with_the_route(stage: Stage) -> None:
    for code, text in ((554, "5.7.1 your host is listed at dnsbl.example.org"), (530, "5.7.0 Authentication required")):
        result = classify(stage, code, "", f"{code} {text}", direct=True)

        assert (result.result, result.route_fault) == (Result.UNSENT, "")
        assert result.receiver_fault == f"{code} {text}"


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (421, "closing the connection", True),
        (451, "4.7.28 an unusual rate of mail from your address", True),
        (452, "Too many connections from your host", True),
        (450, "4.2.1 The user is receiving mail at a rate that prevents delivery", True),
        (451, "4.7.0 Try again later", True),
        (451, "4.7.1 Greylisted, come back in five minutes", False),
        (452, "4.2.2 mailbox full", False),
        (451, "4.3.0 local problem", False),
        (550, "5.7.1 too many messages", False),
    ],
)
def test_a_receiver_that_asks_for_less_is_heard(code: int, text: str, expected: bool) -> None:
    assert classify(Stage.RCPT, code, "", f"{code} {text}").slow_down is expected


def test_a_message_too_large_at_mail_is_the_message_not_the_route() -> None:
    result = classify(Stage.MAIL, 552, "", "552 5.3.4 message size exceeds the limit")

    assert (result.result, result.route_fault) == (Result.REFUSED, "")


def test_an_endless_hostile_text_is_judged_at_once() -> None:
    text = "blocked sender " * 100_000 + "a" * 100_000

    assert len(classify(Stage.RCPT, 550, "", text).detail) <= 1000
