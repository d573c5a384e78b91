"""Reading one mail, step by step: parts → report and returned message → kind → recipients → what it means."""

from __future__ import annotations

from dataclasses import replace

from deliveries.inbound.reading import arf, notices, phrases, rfc3464, signs, text
from deliveries.inbound.reading.found import Finding, address_of, addresses_in, is_same
from deliveries.inbound.reading.meaning import verdict
from deliveries.inbound.reading.returned import Report, separated
from deliveries.inbound.reading.rules import BEFORE_CODES, LooksAt, Rules
from deliveries.inbound.reading.structure import Part, header_text, parse
from deliveries.inbound.reading.tokens import original_message_id, tokens
from deliveries.inbound.reading.verdict import Kind, Reading, RecipientVerdict, one_line

SUBJECT_LIMIT = 300
_OF_MAILS = (Kind.AUTO_REPLY, Kind.UNSUBSCRIPTION, Kind.COMPLAINT, Kind.OTHER)
# A bounce within a bounce: systems forward each other's reports.
WITHIN_LIMIT = 2
_SENDERS = ("to", "delivered-to", "from", "reply-to", "return-path", "sender", "envelope-to", "cc")
# More addresses than this in the returned message's To don't say which of them failed.
_TO_LIMIT = 1


def read_mail(raw: bytes, rules: Rules) -> Reading:
    """What the mail is, whom it concerns and what it says. Pure; the same bytes and rules give the same reading."""
    return _read(parse(raw), rules)


def _read(mail: Part, rules: Rules, within: int = 0) -> Reading:
    report = separated(mail)
    subject = one_line(header_text(mail.header("subject")), SUBJECT_LIMIT)
    reading = Reading(
        subject=subject,
        tokens=tokens(mail, report.original, report.text),
        original_message_id=original_message_id(report.original, report.text),
    )
    return (
        _as_ruled(report, reading, rules, below=BEFORE_CODES)
        or _complaint(mail, report, reading)
        or _notice(report, reading, rules)
        or _bounce(mail, report, reading, rules, within)
        or _from_people(mail, report, reading, rules)
    )


def _as_ruled(report: Report, reading: Reading, rules: Rules, *, below: int | None = None) -> Reading | None:
    """The kind that a rule gives to the whole mail: it then concerns no recipient."""
    words = {LooksAt.SUBJECT.value: reading.subject, LooksAt.BODY.value: report.text}
    rule = rules.matching(words, below=below, kinds=_OF_MAILS)
    if rule is None:
        return None
    kind = Kind(rule.kind)
    if kind is Kind.COMPLAINT:
        complainers = arf.complainers(report.original) or _single_to(report.original)
        recipients = tuple(RecipientVerdict(address, rule=rule.name) for address in complainers)
        return replace(reading, kind=kind, feedback_type="abuse", recipients=recipients)
    return replace(reading, kind=kind, unsubscribes=kind is Kind.UNSUBSCRIPTION)


def _complaint(mail: Part, report: Report, reading: Reading) -> Reading | None:
    feedback = arf.feedback(mail)
    if feedback is None:
        return None
    kind = Kind.COMPLAINT if feedback.complains else Kind.OTHER
    recipients = feedback.recipients or tuple(_single_to(report.original))
    return replace(
        reading,
        kind=kind,
        feedback_type=feedback.feedback_type,
        tokens=tuple(dict.fromkeys([*reading.tokens, *filter(None, [feedback.mail_from])])),
        recipients=tuple(RecipientVerdict(address) for address in recipients) if feedback.complains else (),
    )


def _notice(report: Report, reading: Reading, rules: Rules) -> Reading | None:
    notice = notices.notice(report.text)
    if notice is None:
        return None
    found = dict.fromkeys([*reading.tokens, *filter(None, [notice.message_id, notice.sender])])
    known = replace(
        reading,
        tokens=tuple(found),
        original_message_id=reading.original_message_id or notice.message_id,
        feedback_type=notice.feedback_type,
    )
    if notice.kind is Kind.COMPLAINT:
        return replace(known, kind=notice.kind, recipients=tuple(_plain(found) for found in notice.findings))
    return _of_findings(list(notice.findings), "", known, rules)


def _bounce(mail: Part, report: Report, reading: Reading, rules: Rules, within: int) -> Reading | None:
    findings = rfc3464.reported(mail)
    if not findings and rfc3464.has_fields(report.text) and signs.returns_a_message(mail, report, reading.subject):
        findings = rfc3464.findings_in(report.text)
    if findings:
        return _of_findings(_completed(findings, mail, report), report.text, reading, rules)
    if not signs.returns_a_message(mail, report, reading.subject):
        return None
    if within < WITHIN_LIMIT and signs.is_report(report.original):
        inner = _read(report.original, rules, within + 1)
        if inner.recipients and inner.kind in (Kind.BOUNCE, Kind.DELAY):
            return _around(reading, inner)
    return _of_findings(_named(mail, report), report.text, reading, rules)


def _around(reading: Reading, inner: Reading) -> Reading:
    """The report that another one carries, with what the outer one knows of tokens."""
    return replace(
        inner,
        subject=reading.subject,
        tokens=tuple(dict.fromkeys([*reading.tokens, *inner.tokens])),
        original_message_id=inner.original_message_id or reading.original_message_id,
    )


def _from_people(mail: Part, report: Report, reading: Reading, rules: Rules) -> Reading:
    if signs.is_for_unsubscription(mail):
        return replace(reading, kind=Kind.UNSUBSCRIPTION, unsubscribes=True)
    if signs.answers_itself(mail):
        return replace(reading, kind=Kind.AUTO_REPLY)
    # Newsletters speak of holidays and of unsubscribing too.
    return reading if signs.is_for_many(mail) else _as_ruled(report, reading, rules) or reading


def _named(mail: Part, report: Report) -> list[Finding]:
    """The recipients of a bounce without delivery status fields."""
    senders = _senders(mail, report.original)
    action = rfc3464.DELAYED if _is_delay(mail, report) else rfc3464.FAILED
    failed = [address for value in mail.all("x-failed-recipients") for address in addresses_in(value)]
    if failed:
        found = [Finding(address, diagnostic=text.diagnostic_for(address, report.text)) for address in failed]
    else:
        found = text.named_in(report.text, senders) or [Finding(address) for address in _single_to(report.original)]
    return [_explained(finding, report, alone=len(found) == 1).with_more(action=action) for finding in found]


def _completed(findings: list[Finding], mail: Part, report: Report) -> list[Finding]:
    """Delivery status whose addresses or diagnostics are missing, completed from the mail's other words."""
    alone = len(findings) == 1
    completed = [_explained(_addressed(finding, mail, report), report, alone=alone) for finding in findings]
    unique: dict[tuple[str, str], Finding] = {}
    for finding in completed:
        if finding.address:
            unique.setdefault((finding.address.lower(), finding.action), finding)
    return list(unique.values())


def _addressed(finding: Finding, mail: Part, report: Report) -> Finding:
    if finding.address:
        return finding
    failed = [address for value in mail.all("x-failed-recipients") for address in addresses_in(value)]
    named = [found.address for found in text.named_in(report.text, _senders(mail, report.original))]
    candidates = failed or _single_to(report.original) or named
    return finding.with_more(address=candidates[0] if len(candidates) == 1 else "")


def _explained(finding: Finding, report: Report, *, alone: bool) -> Finding:
    """A diagnostic without words is no diagnostic: the text may say more, about this address or about the only one."""
    if sum(character.isalpha() for character in finding.diagnostic) > 12:
        return finding
    said = text.diagnostic_for(finding.address, report.text) or (text.telling(report.text) if alone else "")
    return finding.with_more(diagnostic=f"{finding.diagnostic} {said}".strip())


def _of_findings(findings: list[Finding], context: str, reading: Reading, rules: Rules) -> Reading:
    kind = _kind([finding.action for finding in findings]) if findings else Kind.BOUNCE
    if kind is Kind.DELIVERED:
        return replace(reading, kind=kind, recipients=tuple(_plain(finding) for finding in findings))
    missed = [finding for finding in findings if finding.action not in rfc3464.ARRIVED]
    return replace(
        reading,
        kind=kind,
        recipients=tuple(verdict(finding, context=context, subject=reading.subject, rules=rules) for finding in missed),
    )


def _kind(actions: list[str]) -> Kind:
    if all(action in rfc3464.ARRIVED for action in actions):
        return Kind.DELIVERED
    missed = (action for action in actions if action not in rfc3464.ARRIVED)
    return Kind.DELAY if all(action == rfc3464.DELAYED for action in missed) else Kind.BOUNCE


def _plain(finding: Finding) -> RecipientVerdict:
    return RecipientVerdict(finding.address, status=finding.status, detail=one_line(finding.diagnostic))


def _is_delay(mail: Part, report: Report) -> bool:
    said = f"{header_text(mail.header('subject'))}\n{report.text[:4000]}"
    return bool(phrases.DELAYED.search(said)) and not phrases.GIVEN_UP.search(said)


def _senders(mail: Part, original: Part) -> frozenset[str]:
    """Those who write and are written to here: never the recipients who were not reached."""
    values = [*mail.all(*_SENDERS), *original.all("from", "return-path", "sender", "reply-to")]
    return frozenset(address.lower() for value in values for address in addresses_in(value))


def _single_to(original: Part) -> list[str]:
    """Whom the returned message was written to, if that is one person."""
    for name in ("x-original-to", "delivered-to", "envelope-to", "to"):
        found = [address for value in original.all(name) for address in addresses_in(header_text(value))]
        if found:
            others = [address for address in found if not is_same(address, address_of(original.header("from")))]
            return (others or found) if len(others or found) <= _TO_LIMIT else []
    return []
