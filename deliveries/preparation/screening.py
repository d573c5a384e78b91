"""The one statement that judges everybody: the target, each person with an address and the reason for dropping them.

Written by hand around the queryset of the target because it needs what the ORM can't say: a window over rows that other
rules have left, and a join to the quarantine by an expression. It is the same on SQLite and PostgreSQL. Of a large
target only those go through them whose address is in quarantine or not theirs alone; one statement, and so one
snapshot: nobody can begin to share an address while it is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, QuerySet
from django.db.models.expressions import RawSQL

from common.sql import fetch_value, places
from deliveries.channels.base import Channel
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, MessageStatus, Preparation
from deliveries.preparation.population import served, skips_served, target_of
from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import filters_of
from recipients.models import Quarantine, Recipient

# Of all people: a target with more of them than one in so many is judged without a sort of everybody.
LARGE_PART = 8


@dataclass(frozen=True)
class Statement:
    sql: str
    parameters: tuple[Any, ...]


def judge(preparation: Preparation) -> Statement:
    """SELECT id, address, reason: one row for each person; no reason means that they get the message."""
    channel = channels.get(preparation.delivery.channel)
    rules = filters_of(preparation.delivery)
    addressed = _addressed(preparation, channel)
    if skips_served(preparation) or not any(map(_looks_elsewhere, rules)) or not _is_large(addressed):
        return _judge_together(preparation, channel, rules, addressed)
    few = addressed.filter(address_key__in=RawSQL(*_looked_up(channel, rules)))
    return _judge_alone(channel, rules, addressed, _judge_together(preparation, channel, rules, few))


def _judge_together(
    preparation: Preparation, channel: Channel, rules: Sequence[FilteringRule], addressed: QuerySet[Any, Any]
) -> Statement:
    """Everybody beside the quarantine and all others: right for any target, and dear for many people."""
    screened = _screen(preparation, channel, rules, addressed)
    duplicate = next((rule for rule in rules if rule.one_per_address), None)
    return screened if duplicate is None else _drop_duplicates(screened, duplicate)


def _judge_alone(
    channel: Channel, rules: Sequence[FilteringRule], addressed: QuerySet[Any, Any], few: Statement
) -> Statement:
    """Everybody by what is written on them; the few whose address other rows speak of have their verdict already."""
    own = _compile(_flagged(addressed, channel, rules))
    cases = " ".join(_case(rule, [_own_test(rule)]) for rule in rules if rule.condition(channel) is not None)
    sql = (
        "SELECT people.id, people.address,"
        f" CASE WHEN few.id IS NULL THEN CASE {cases} END ELSE few.reason END AS reason"
        f" FROM ({own.sql}) AS people LEFT JOIN ({few.sql}) AS few ON few.id = people.id"
    )
    return Statement(sql, (*own.parameters, *few.parameters))


def _looked_up(channel: Channel, rules: Sequence[FilteringRule]) -> tuple[str, tuple[Any, ...]]:
    """The addresses in quarantine and those that several people have, of the target or not."""
    # Read in order from the index on addresses: to sort or hash those of a large target costs several times as much.
    people: QuerySet[Any, Any] = Recipient.objects.order_by().annotate(shared_key=channel.address_key())
    several = people.values("shared_key").annotate(people=Count("pk")).filter(people__gt=1).exclude(shared_key="")
    shared = _compile(several.values("shared_key"))
    statuses = [int(rule.quarantine_status) for rule in rules if rule.quarantine_status is not None]
    blocked = f"SELECT address FROM {_table(Quarantine)} WHERE channel = %s AND status IN ({places(statuses)})"
    return f"{shared.sql} UNION ALL {blocked}", (*shared.parameters, channel.code, *statuses)


def _is_large(target: QuerySet[Any, Any]) -> bool:
    """More than a part of all people; asked of the database without counting further than that."""
    if connection.vendor == "sqlite":
        # It joins by looking up, so that it judges everybody together faster.
        return False
    people = _compile(target.values("id"))
    most = f"SELECT COALESCE(MAX(id), 0) / {LARGE_PART} FROM {_table(Recipient)}"
    beyond = f"SELECT COUNT(*) FROM (SELECT id FROM ({people.sql}) AS target LIMIT 1 OFFSET ({most})) AS beyond"
    return bool(fetch_value(beyond, people.parameters))


def _looks_elsewhere(rule: FilteringRule) -> bool:
    return rule.one_per_address or rule.quarantine_status is not None


def _drop_duplicates(screened: Statement, rule: FilteringRule) -> Statement:
    # The window comes after the other reasons: the first *eligible* person keeps the address.
    key = f"CASE WHEN reason IS NULL THEN address_key END{_byte_order()}"
    rank = f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY id)"
    sql = f"SELECT id, address, COALESCE(reason, CASE WHEN {rank} > 1 THEN {small(rule.reason)} END) AS reason"
    return Statement(f"{sql} FROM ({screened.sql}) AS screened", screened.parameters)


def _byte_order() -> str:
    # Only equality matters, and sorting by a language's rules costs several times as much.
    return ' COLLATE "C"' if connection.vendor == "postgresql" else ""


def _screen(
    preparation: Preparation, channel: Channel, rules: Sequence[FilteringRule], addressed: QuerySet[Any, Any]
) -> Statement:
    """SELECT id, address, address_key, reason, without the duplicates."""
    people = _compile(_flagged(addressed, channel, rules))
    # Unique (channel, address): the join adds a column, never a row, and PostgreSQL hashes it.
    joins = (
        f"LEFT JOIN {_table(Quarantine)} AS quarantine"
        " ON quarantine.channel = %s AND quarantine.address = people.address_key"
    )
    parameters: tuple[Any, ...] = (*people.parameters, channel.code)
    cases = [_case(rule, tests) for rule in rules if (tests := _tests(rule, channel))]
    if skips_served(preparation) and any(rule.one_per_address for rule in rules):
        joined, case, more = _served_addresses(preparation, rules)
        joins, cases, parameters = f"{joins} {joined}", [*cases, case], (*parameters, *more)
    sql = (
        f"SELECT people.id, people.address, people.address_key, CASE {' '.join(cases)} END AS reason"
        f" FROM ({people.sql}{fence()}) AS people {joins}{fence()}"
    )
    return Statement(sql, parameters)


def fence() -> str:
    # PostgreSQL would merge the levels and evaluate addresses and rules again wherever their outcome is named.
    return " OFFSET 0" if connection.vendor == "postgresql" else ""


def _addressed(preparation: Preparation, channel: Channel) -> QuerySet[Any, Any]:
    target = target_of(preparation)
    if skips_served(preparation):
        target = target.filter(~served(preparation))
    return target.order_by().annotate(address=channel.address(), address_key=channel.address_key())


def _flagged(addressed: QuerySet[Any, Any], channel: Channel, rules: Sequence[FilteringRule]) -> QuerySet[Any, Any]:
    conditions = {_flag(rule): rule.condition(channel) for rule in rules}
    flags = {
        flag: ExpressionWrapper(condition, output_field=BooleanField())
        for flag, condition in conditions.items()
        if condition is not None
    }
    people: QuerySet[Any, Any] = addressed.annotate(**flags).values("id", "address", "address_key", *flags)
    return people


def _flag(rule: FilteringRule) -> str:
    return f"drops_{rule.code}"


def _tests(rule: FilteringRule, channel: Channel) -> list[str]:
    tests = [] if rule.condition(channel) is None else [_own_test(rule)]
    if rule.quarantine_status is not None:
        tests.append(f"quarantine.status = {int(rule.quarantine_status)}")
    return tests


def _own_test(rule: FilteringRule) -> str:
    return f"people.{_flag(rule)}"


def _case(rule: FilteringRule, tests: Sequence[str]) -> str:
    """The rule's branch of the CASE; the first branch that holds gives the reason."""
    return f"WHEN {' OR '.join(tests)} THEN {small(rule.reason)}"


def _served_addresses(preparation: Preparation, rules: Sequence[FilteringRule]) -> tuple[str, str, tuple[Any, ...]]:
    """One mail for each address, also across the runs of a continuous delivery."""
    rule = next(rule for rule in rules if rule.one_per_address)
    joined = (
        f"LEFT JOIN (SELECT DISTINCT LOWER(address) AS address_key FROM {_table(Broadlog)}"
        " WHERE delivery_id = %s AND status NOT IN (%s, %s)) AS served ON served.address_key = people.address_key"
    )
    parameters = (preparation.delivery_id, int(MessageStatus.IGNORED), int(MessageStatus.CANCELLED))
    return joined, f"WHEN served.address_key IS NOT NULL THEN {small(rule.reason)}", parameters


def small(number: int) -> str:
    """As the columns have it: PostgreSQL would convert each value of a plain number when it writes the row."""
    return f"CAST({int(number)} AS smallint)"


def _compile(rows: QuerySet[Any, Any]) -> Statement:
    sql, parameters = rows.query.sql_with_params()
    return Statement(sql, tuple(parameters))


def _table(model: type[Recipient | Broadlog | Quarantine]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
