from __future__ import annotations

from datetime import datetime

import pytest

from operations.workflow.expressions import InvalidExpression, Values, evaluate, validate

# The first of December 2025 is a Monday.
VALUES = Values(count=12, scheduled_for=datetime(2025, 12, 1, 6, 30), vars={"rate": 3, "_after": 7})


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("count > 0 and scheduled_for.day == 1", True),
        ("count > 12 or scheduled_for.month == 12", True),
        ("not count > 11", False),
        ("count - 10 + 1 == 3", True),
        ("(count == 1 or count == 12) and scheduled_for.weekday == 1", True),
        ("scheduled_for.year == 2025 and scheduled_for.hour == 6 and scheduled_for.minute == 30", True),
        ("vars.rate == 3", True),
        ("vars.unknown == 3", False),
        ("vars._after == 7", False),
        ("'a' != \"b\"", True),
        ("count > 11.5", True),
        ("-count < 0", True),
        ("true and not false", True),
    ],
)
def test_an_expression_sees_count_date_and_variables(expression: str, holds: bool) -> None:
    assert evaluate(expression, VALUES) is holds


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "1 to 1000 characters"),
        ("count >", "syntax error"),
        ("cuont > 0", "there is no “cuont”"),
        ("scheduled_for.dya == 1", "scheduled_for.dya"),
        ("count.real > 1", "count.real"),
        ("vars.__class__.x == 1", "vars.__class__.x"),
        ("count * 2 > 1", "“* 2 > 1” is not allowed"),
        ("count ** 9 > 1", "not allowed"),
        ("range(10)", "there is no “range”"),
        ("vars.x(1)", "nothing can be called"),
        ("(count)(1)", "nothing can be called"),
        ("'a'|upper", "not allowed"),
        ("count is odd", "there is no “is”"),
        ("[count]", "not allowed"),
        ("count + 'a' > 1", "unsupported types"),
        ("{{ count }}", "not allowed"),
        ("count > 0 }}", "not allowed"),
        ("(" * 60 + "count" + ")" * 60, "too deeply nested"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(expression: str, why: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        validate(expression)

    assert why in str(caught.value)
