"""The table of bounce rules: filled with ours, checked when people write their own, handed to the reader."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from deliveries.channels.email.reply_rules import BY_SUBJECT, ENHANCED, SENDER_POLICY, Fault
from deliveries.channels.email.reply_rules import Meaning as ReplyMeaning
from deliveries.inbound.reading.default_rules import RULES
from deliveries.inbound.reading.reader import Reader
from deliveries.inbound.reading.rules import PATTERN_LIMIT, Meaning, Rule, Rules
from deliveries.inbound.reading.verdict import Unreadable
from deliveries.models import BounceRule
from recipients.vocabulary import FailureReason, FailureType

_RENEWED = ("pattern", "priority", "looks_at", "kind", "failure_type", "failure_reason")
# What makes a careless pattern try every way there is.
_TRIALS = (
    "a" * 4000 + "!",
    "1" * 4000 + "!",
    " " * 4000 + "!",
    "a b " * 1000 + "!",
    "550 5.1.1 <a@b.c>: user unknown " * 120,
)
_TRIAL_SECONDS = 2.0


class BadPattern(Invalid):
    """A rule's regular expression can't be used."""

    code = "bad_pattern"


def rules_in_force() -> Rules:
    """The enabled rules and the meanings of the enhanced codes, for a Reader."""
    return Rules(tuple(rule_of(row) for row in BounceRule.objects.filter(enabled=True)), code_meanings())


def rule_of(row: BounceRule) -> Rule:
    return Rule(
        name=row.name,
        pattern=row.pattern,
        priority=row.priority,
        looks_at=row.looks_at,
        kind=row.kind,
        failure_type=None if row.failure_type is None else FailureType(row.failure_type),
        failure_reason=None if row.failure_reason is None else FailureReason(row.failure_reason),
    )


def code_meanings() -> dict[str, Meaning]:
    """What the SMTP client knows of enhanced codes holds for bounces too; what is our fault blames nobody."""
    policy = {code: ENHANCED["7.8"] for number in range(1000) if SENDER_POLICY.fullmatch(code := f"7.{number}")}
    return {code: _meaning(meaning) for code, meaning in {**BY_SUBJECT, **policy, **ENHANCED}.items()}


def _meaning(meaning: ReplyMeaning) -> Meaning:
    is_ours = meaning.fault is Fault.OURS
    return Meaning(meaning.reason, FailureType.IGNORED if is_ours else meaning.failure_type)


def install_default_rules(**kwargs: Any) -> None:
    """Bring our rules up to date; those that somebody changed stay as they are. After each migration."""
    rows = {row.name: row for row in BounceRule.objects.filter(name__in=[rule.name for rule in RULES])}
    BounceRule.objects.bulk_create(
        [BounceRule(name=rule.name, built_in=True, **_values(rule)) for rule in RULES if rule.name not in rows],
        ignore_conflicts=True,
    )
    renewed = [row for rule in RULES if (row := rows.get(rule.name)) and _renew(row, rule)]
    BounceRule.objects.bulk_update(renewed, _RENEWED)
    outdated = BounceRule.objects.filter(built_in=True, changed=False)
    outdated.exclude(name__in=[rule.name for rule in RULES]).delete()


def _renew(row: BounceRule, rule: Rule) -> bool:
    values = _values(rule)
    if not row.built_in or row.changed or all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


def _values(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in _RENEWED}


def check_pattern(pattern: str) -> None:
    """Raise BadPattern unless the regular expression is short enough, compiles and is quick on awkward texts."""
    if len(pattern) > PATTERN_LIMIT:
        raise BadPattern(_("A pattern has at most %(limit)d characters.") % {"limit": PATTERN_LIMIT})
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(_("This is no regular expression: %(error)s.") % {"error": error}) from error
    if compiled.search("") is not None:
        raise BadPattern(_("This pattern finds something in every text."))
    _try_pattern(pattern)


def _try_pattern(pattern: str) -> None:
    """In the limited process: a pattern that never ends must not end the web server."""
    rules = Rules((Rule("trial", pattern, 1, "subject", "other"), Rule("trial of text", pattern, 1, "body", "other")))
    with Reader(rules, seconds=_TRIAL_SECONDS) as reader:
        for text in _TRIALS:
            try:
                reader.read(f"From: <>\nSubject: {text[:900]}\n\n{text}\n".encode())
            except Unreadable:
                message = _("This pattern takes too long on some texts: nested repetitions such as (a+)+ do.")
                raise BadPattern(message) from None
