"""The rules that say what words mean, compiled; the table behind them is `deliveries.models.BounceRule`."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from recipients.vocabulary import FailureReason, FailureType

PATTERN_LIMIT = 1000
# Rules below this priority count even against a precise enhanced code; the others explain what codes leave open.
BEFORE_CODES = 100
# A rule looks no further into a text, however long it is.
REACH = 4000


class LooksAt(enum.StrEnum):
    DIAGNOSTIC = "diagnostic"
    STATUS = "status"
    SUBJECT = "subject"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `kind` is a value of MailKind; no failure type or reason: the rule leaves it as it is."""

    name: str
    pattern: str
    priority: int = 100
    looks_at: str = LooksAt.DIAGNOSTIC
    kind: str = "bounce"
    failure_type: FailureType | None = None
    failure_reason: FailureReason | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    failure_reason: FailureReason
    # As long as the failure is permanent; nobody is given up for a temporary one.
    failure_type: FailureType = FailureType.SOFT


@dataclass(slots=True)
class Progress:
    """The rule that is being tried, for whoever has to say why a mail took too long."""

    rule: str = ""


@dataclass(frozen=True)
class Rules:
    """Rules by priority, and what the enhanced codes mean (`subject.detail`, or only `subject`)."""

    rules: tuple[Rule, ...] = ()
    codes: Mapping[str, Meaning] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress, compare=False)

    @cached_property
    def _compiled(self) -> tuple[tuple[Rule, re.Pattern[str]], ...]:
        in_order = sorted(self.rules, key=lambda rule: rule.priority)
        return tuple((rule, compiled) for rule in in_order if (compiled := _compile(rule.pattern)) is not None)

    def matching(self, texts: Mapping[str, str], *, below: int | None = None, kinds: Iterable[str] = ()) -> Rule | None:
        """The first rule by priority that matches; `texts` by what the rules look at."""
        wanted = frozenset(kinds)
        for rule, compiled in self._compiled:
            if below is not None and rule.priority >= below:
                return None
            text = texts.get(rule.looks_at, "")
            if text and (not wanted or rule.kind in wanted) and self._finds(rule, compiled, text):
                return rule
        return None

    def ready(self) -> Rules:
        """The same rules, compiled now and not at the first mail."""
        _ = self._compiled
        return self

    def without(self, name: str) -> Rules:
        return Rules(tuple(rule for rule in self.rules if rule.name != name), self.codes)

    def is_precise(self, status: str) -> bool:
        """Whether an enhanced code (`5.1.1`) has a meaning of its own; the words explain the others."""
        return status.partition(".")[2] in self.codes

    def _finds(self, rule: Rule, compiled: re.Pattern[str], text: str) -> bool:
        self.progress.rule = rule.name
        found = compiled.search(text, 0, REACH) is not None
        self.progress.rule = ""
        return found

    def as_document(self) -> dict[str, Any]:
        """JSON values; `from_document` is the inverse."""
        return {
            "rules": [{name: getattr(rule, name) for name in Rule.__slots__} for rule in self.rules],
            "codes": {code: [meaning.failure_reason, meaning.failure_type] for code, meaning in self.codes.items()},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Rules:
        codes = {
            code: Meaning(FailureReason(reason), FailureType(failure_type))
            for code, (reason, failure_type) in document["codes"].items()
        }
        return cls(tuple(_rule(values) for values in document["rules"]), codes)


def _rule(values: Mapping[str, Any]) -> Rule:
    failure_type, reason = values["failure_type"], values["failure_reason"]
    named = {
        "failure_type": None if failure_type is None else FailureType(failure_type),
        "failure_reason": None if reason is None else FailureReason(reason),
    }
    return Rule(**{**values, **named})


def _compile(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern[:PATTERN_LIMIT], re.IGNORECASE)
    except (re.error, RecursionError, OverflowError):
        # Saved before its syntax was checked, or by another version of Python: one bad rule stops no mail.
        return None
