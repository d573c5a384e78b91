"""What a finding means: its codes, its words and the stage of the dialogue, weighed against each other."""

from __future__ import annotations

import enum
import re

from deliveries.inbound.reading import rfc3464
from deliveries.inbound.reading.found import Finding, enhanced_codes, reply_codes
from deliveries.inbound.reading.rules import BEFORE_CODES, LooksAt, Meaning, Rule, Rules
from deliveries.inbound.reading.verdict import RecipientVerdict, one_line
from recipients.vocabulary import FailureReason, FailureType

_FOR_BOUNCES = ("bounce", "delay")

OUR_FAULT = Meaning(FailureReason.REFUSED, FailureType.IGNORED)
REFUSED = Meaning(FailureReason.REFUSED)
UNREACHABLE = Meaning(FailureReason.UNREACHABLE)
UNQUALIFIED = Meaning(FailureReason.NOT_DEFINED, FailureType.UNDEFINED)
FULL = Meaning(FailureReason.MAILBOX_FULL)


class Stage(enum.Enum):
    """How far the dialogue had come."""

    UNKNOWN = enum.auto()
    BEFORE_RECIPIENT = enum.auto()
    RECIPIENT = enum.auto()
    MESSAGE = enum.auto()


_STAGES = (
    (
        Stage.MESSAGE,
        re.compile(
            r"\breply to (?:end of )?DATA\b|\bafter (?:end of data|DATA|pipelined end)|>>> ?(?:DATA|BDAT)\b"
            r"|\bafter I sent the message\b|\bcommand:? (?:DATA|BDAT)\b|^DATA$|\(state 1[78]\)"
            r"|\bSMTP transmission failure\b|\bSMTP:DATA\b|\[DATA\]",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        Stage.RECIPIENT,
        re.compile(
            r"\breply to RCPT|\bafter (?:pipelined )?RCPT|>>> ?RCPT|\bnot like (?:our )?(?:recipient|RCPT)|\[RCPT_TO\]"
            r"|\brejected address\b|\bSMTP:RCPT\b|^RCPT TO\b|\(state 1[34]\)",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        Stage.BEFORE_RECIPIENT,
        re.compile(
            r"\breply to (?:MAIL|EHLO|HELO|AUTH|STARTTLS|initial)"
            r"|\bafter (?:pipelined )?(?:MAIL|EHLO|HELO|AUTH|STARTTLS|initial)"
            r"|>>> ?(?:MAIL|EHLO|HELO|AUTH)|\b(?:name|sender|greeting) (?:was |is )?(?:rejected|failed)|\[MAIL_FROM\]"
            r"|\bdid not like our (?:MAIL|EHLO|HELO)|\brejected MAIL FROM\b",
            re.IGNORECASE,
        ),
    ),
)


def verdict(finding: Finding, *, context: str, subject: str, rules: Rules) -> RecipientVerdict:
    """What became of this recipient; `context` is the whole report, asked when the diagnostic says nothing."""
    reply_code, said_status = _codes(finding.diagnostic, rules)
    status = _status(finding.status, said_status, rules)
    words = {
        LooksAt.DIAGNOSTIC: finding.diagnostic,
        LooksAt.STATUS: status,
        LooksAt.BODY: context,
        LooksAt.SUBJECT: subject,
    }
    meaning, rule = _meaning(status, reply_code, words, rules)
    if rule is None and meaning is UNQUALIFIED:
        meaning, rule = _from_context(context, rules)
    if rule is None or rule.priority >= BEFORE_CODES:
        meaning = _at_stage(meaning, finding.diagnostic, context, is_precise=rules.is_precise(status))
    if finding.action == rfc3464.DELAYED and meaning is UNQUALIFIED:
        meaning = UNREACHABLE
    if _is_temporary(finding, status, reply_code):
        meaning = Meaning(meaning.failure_reason, _no_harder(meaning.failure_type))
    return RecipientVerdict(
        address=finding.address,
        status=status,
        reply_code=reply_code,
        failure_type=meaning.failure_type,
        failure_reason=meaning.failure_reason,
        detail=one_line(finding.diagnostic),
        rule=rule.name if rule else "",
    )


def _codes(diagnostic: str, rules: Rules) -> tuple[str, str]:
    """The basic code and the enhanced code of what the server said, each empty when it said none."""
    replies = reply_codes(diagnostic)
    reply_code = next((code for code, _enhanced in replies), "")
    said = [enhanced for _code, enhanced in replies if enhanced]
    said += [code for code in enhanced_codes(diagnostic) if code[0] != "2"]
    return reply_code, max(said, key=lambda code: _precision(code, rules), default="")


def _status(reported: str, said: str, rules: Rules) -> str:
    """The other server's own code counts more than the reporting system's, unless it says less."""
    return said if said and _precision(said, rules) >= _precision(reported, rules) else reported


def _precision(code: str, rules: Rules) -> int:
    if rules.is_precise(code):
        return 2
    return 0 if not code or code.endswith(".0") or ".0." in code else 1


def _meaning(status: str, reply_code: str, words: dict[LooksAt, str], rules: Rules) -> tuple[Meaning, Rule | None]:
    texts = {str(looks_at): text for looks_at, text in words.items()}
    first = rules.matching(texts, below=BEFORE_CODES, kinds=_FOR_BOUNCES)
    if first is not None:
        return _of_rule(first), first
    code = status.partition(".")[2]
    if rules.is_precise(status) and code in rules.codes:
        return rules.codes[code], None
    rule = rules.matching(texts, kinds=_FOR_BOUNCES)
    if rule is not None:
        return _of_rule(rule), rule
    return _of_vague(code, reply_code, rules), None


def _of_vague(code: str, reply_code: str, rules: Rules) -> Meaning:
    if code.partition(".")[0] in rules.codes and not code.startswith("0"):
        return rules.codes[code.partition(".")[0]]
    return FULL if reply_code in ("452", "552") and not code else UNQUALIFIED


def _from_context(context: str, rules: Rules) -> tuple[Meaning, Rule | None]:
    rule = rules.matching({LooksAt.DIAGNOSTIC.value: context}, kinds=_FOR_BOUNCES)
    return (_of_rule(rule), rule) if rule else (UNQUALIFIED, None)


def _of_rule(rule: Rule) -> Meaning:
    reason = FailureReason.NOT_DEFINED if rule.failure_reason is None else rule.failure_reason
    return Meaning(reason, FailureType.SOFT if rule.failure_type is None else rule.failure_type)


def _at_stage(meaning: Meaning, diagnostic: str, context: str, *, is_precise: bool) -> Meaning:
    """A server that never heard of the recipient blames us; one that took the address first refuses the message."""
    if is_precise or meaning.failure_type is not FailureType.HARD:
        return meaning
    stage = _stage(diagnostic, context)
    if stage is Stage.BEFORE_RECIPIENT:
        return OUR_FAULT
    return REFUSED if stage is Stage.MESSAGE else meaning


def _stage(diagnostic: str, context: str) -> Stage:
    for text in (diagnostic, context):
        for stage, pattern in _STAGES:
            if pattern.search(text):
                return stage
    return Stage.UNKNOWN


def _is_temporary(finding: Finding, status: str, reply_code: str) -> bool:
    if finding.action == rfc3464.DELAYED:
        return True
    return status.startswith("4") if status else reply_code.startswith("4")


def _no_harder(failure_type: FailureType) -> FailureType:
    return FailureType.IGNORED if failure_type is FailureType.IGNORED else FailureType.SOFT
