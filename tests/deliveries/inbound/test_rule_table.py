from __future__ import annotations

import pytest

from deliveries.inbound.reading.default_rules import RULES
from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.rules import PATTERN_LIMIT, LooksAt, Rules
from deliveries.inbound.reading.verdict import Kind
from deliveries.inbound.rule_table import BadPattern, check_pattern, install_default_rules, rules_in_force
from deliveries.inbound.trial import try_text
from deliveries.models import BounceRule, MailKind
from recipients.vocabulary import FailureReason, FailureType

pytestmark = pytest.mark.django_db
BOUNCE = """From: MAILER-DAEMON@mx.there.example
Subject: Undelivered mail

Your message could not be delivered.

<ann@there.example>:
550 xyzzy
"""


@pytest.fixture(autouse=True)
def installed() -> None:
    install_default_rules()


def own_rule(**values: object) -> BounceRule:
    given = {
        "name": "Ours",
        "pattern": "xyzzy",
        "failure_type": FailureType.HARD,
        "failure_reason": FailureReason.USER_UNKNOWN,
        **values,
    }
    return BounceRule.objects.create(**given)


def test_the_product_brings_its_rules_and_all_of_them_can_be_used() -> None:
    assert BounceRule.objects.filter(built_in=True, enabled=True).count() == len(RULES)
    for rule in RULES:
        check = BounceRule.objects.get(name=rule.name)
        check.full_clean()
        assert len(rule.pattern) <= PATTERN_LIMIT


def test_ours_are_renewed_unless_somebody_changed_them() -> None:
    BounceRule.objects.filter(name=RULES[0].name).update(pattern="old", priority=7)
    BounceRule.objects.filter(name=RULES[1].name).update(pattern="edited", changed=True)

    install_default_rules()

    assert BounceRule.objects.get(name=RULES[0].name).pattern == RULES[0].pattern
    assert BounceRule.objects.get(name=RULES[1].name).pattern == "edited"


def test_a_rule_that_was_switched_off_stays_off() -> None:
    BounceRule.objects.filter(name=RULES[0].name).update(enabled=False)

    install_default_rules()

    assert RULES[0].name not in {rule.name for rule in rules_in_force().rules}


def test_rules_that_the_product_no_longer_brings_go_and_those_of_people_stay() -> None:
    own_rule(name="Old one of ours", built_in=True)
    own_rule(name="Old one, edited", built_in=True, changed=True)
    own_rule()

    install_default_rules()

    kept = set(BounceRule.objects.exclude(name__in=[rule.name for rule in RULES]).values_list("name", flat=True))
    assert kept == {"Old one, edited", "Ours"}


def test_a_rule_of_people_decides_what_ours_leave_open() -> None:
    own_rule()

    (verdict,) = read_mail(BOUNCE.encode(), rules_in_force()).recipients

    assert (verdict.rule, verdict.failure_type) == ("Ours", FailureType.HARD)


@pytest.mark.parametrize(("priority", "reason"), [(99, FailureReason.REFUSED), (100, FailureReason.MAILBOX_FULL)])
def test_only_a_rule_below_100_counts_against_a_precise_code(priority: int, reason: FailureReason) -> None:
    own_rule(priority=priority, failure_type=FailureType.IGNORED, failure_reason=FailureReason.REFUSED)

    (verdict,) = read_mail(BOUNCE.replace("550", "550 5.2.2").encode(), rules_in_force()).recipients

    assert verdict.failure_reason == reason


@pytest.mark.parametrize(
    ("looks_at", "pattern"),
    [
        (LooksAt.SUBJECT, "^undelivered"),
        (LooksAt.BODY, "could not be delivered"),
        (LooksAt.STATUS, r"5\.9\.9"),
        (LooksAt.DIAGNOSTIC, "^550"),
    ],
)
def test_a_rule_looks_where_it_was_told(looks_at: LooksAt, pattern: str) -> None:
    own_rule(looks_at=looks_at, pattern=pattern)

    (verdict,) = read_mail(BOUNCE.replace("550", "550 5.9.9").encode(), rules_in_force()).recipients

    assert verdict.rule == "Ours"


def test_a_rule_may_say_that_a_mail_is_no_bounce_at_all() -> None:
    own_rule(looks_at=LooksAt.SUBJECT, pattern="undelivered", kind=MailKind.OTHER, priority=10)

    reading = read_mail(BOUNCE.encode(), rules_in_force())

    assert (reading.kind, reading.recipients) == (Kind.OTHER, ())


def test_the_rules_survive_their_way_to_the_child() -> None:
    rules = rules_in_force()

    assert Rules.from_document(rules.as_document()) == rules


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("x" * (PATTERN_LIMIT + 1), "1000"), ("(", "regular expression"), ("a*", "every text")],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(pattern: str, message: str) -> None:
    with pytest.raises(BadPattern, match=message):
        check_pattern(pattern)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ["(a+)+z", r"(\s*\w*)*Q", r"(\d+)*x"])
def test_s30_a_pattern_that_takes_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern, match="too long"):
        check_pattern(pattern)


def test_a_good_pattern_passes() -> None:
    check_pattern(r"\bno such (?:user|mailbox)\b")


def test_a_row_whose_pattern_no_longer_compiles_stops_no_mail() -> None:
    own_rule(pattern="(", priority=1)

    assert read_mail(BOUNCE.encode(), rules_in_force()).kind == Kind.BOUNCE


def test_a_trial_reads_a_diagnostic_or_a_whole_mail() -> None:
    alone = try_text("550 5.1.1 no such user", rules_in_force())
    whole = try_text(BOUNCE, rules_in_force())

    assert [each.failure_reason for each in alone.recipients] == [FailureReason.USER_UNKNOWN]
    assert [each.address for each in whole.recipients] == ["ann@there.example"]
