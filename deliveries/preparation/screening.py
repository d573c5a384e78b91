"""The one statement that judges everybody: the target, each person with an address and the reason for dropping them.

Written by hand around the queryset of the target because it needs what the ORM can't say: a window over rows that other
rules have left, and a join to the quarantine by an expression. It is the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, IntegerField, QuerySet, Value, When

from deliveries.channels.base import Channel
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, MessageStatus, Preparation
from deliveries.preparation.population import served, skips_served, target_of
from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import filters_of
from recipients.models import Quarantine, Recipient


@dataclass(frozen=True)
class Statement:
    sql: str
    parameters: tuple[Any, ...]


def judge(preparation: Preparation) -> Statement:
    """SELECT id, address, reason: one row for each person; no reason means that they get the message."""
    channel = channels.get(preparation.delivery.channel)
    rules = filters_of(preparation.delivery)
    screened = _screen(preparation, channel, rules)
    duplicate = next((rule for rule in rules if rule.one_per_address), None)
    return screened if duplicate is None else _drop_duplicates(screened, duplicate)


def _drop_duplicates(screened: Statement, rule: FilteringRule) -> Statement:
    # The window comes after the other reasons: the first *eligible* person keeps the address.
    key = f"CASE WHEN reason IS NULL THEN address_key END{_byte_order()}"
    rank = f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY id)"
    sql = f"SELECT id, address, COALESCE(reason, CASE WHEN {rank} > 1 THEN {int(rule.reason)} END) AS reason"
    return Statement(f"{sql} FROM ({screened.sql}) AS screened", screened.parameters)


def _byte_order() -> str:
    # Only equality matters, and sorting by a language's rules costs several times as much.
    return ' COLLATE "C"' if connection.vendor == "postgresql" else ""


def _screen(preparation: Preparation, channel: Channel, rules: Sequence[FilteringRule]) -> Statement:
    """SELECT id, address, address_key, reason, without the duplicates."""
    people = _compile(_people(preparation, channel, rules))
    # Unique (channel, address): the join adds a column, never a row, and PostgreSQL hashes it.
    joins = (
        f"LEFT JOIN {_table(Quarantine)} AS quarantine"
        " ON quarantine.channel = %s AND quarantine.address = people.address_key"
    )
    parameters: tuple[Any, ...] = (*people.parameters, channel.code)
    cases = [case for rule in rules for case in _cases(rule)]
    if skips_served(preparation) and any(rule.one_per_address for rule in rules):
        joined, case, more = _served_addresses(preparation, rules)
        joins, cases, parameters = f"{joins} {joined}", [*cases, case], (*parameters, *more)
    sql = (
        f"SELECT people.id, people.address, people.address_key, CASE {' '.join(cases)} END AS reason"
        f" FROM ({people.sql}{_fence()}) AS people {joins}{_fence()}"
    )
    return Statement(sql, parameters)


def _fence() -> str:
    # PostgreSQL would merge the levels and evaluate addresses and rules again wherever their outcome is named.
    return " OFFSET 0" if connection.vendor == "postgresql" else ""


def _people(preparation: Preparation, channel: Channel, rules: Sequence[FilteringRule]) -> QuerySet[Any, Any]:
    target = target_of(preparation)
    if skips_served(preparation):
        target = target.filter(~served(preparation))
    addressed = target.order_by().annotate(address=channel.address(), address_key=channel.address_key())
    flags = {_flag(rule): _holds(rule, channel) for rule in rules if rule.condition(channel) is not None}
    people: QuerySet[Any, Any] = addressed.annotate(**flags).values("id", "address", "address_key", *flags)
    return people


def _holds(rule: FilteringRule, channel: Channel) -> Case:
    return Case(When(rule.condition(channel), then=Value(1)), default=Value(0), output_field=IntegerField())


def _flag(rule: FilteringRule) -> str:
    return f"drops_{rule.code}"


def _cases(rule: FilteringRule) -> list[str]:
    """The rule's branches of the CASE; the first branch that holds gives the reason."""
    tests = []
    if type(rule).condition is not FilteringRule.condition:
        tests.append(f"people.{_flag(rule)} = 1")
    if rule.quarantine_status is not None:
        tests.append(f"quarantine.status = {int(rule.quarantine_status)}")
    return [f"WHEN {' OR '.join(tests)} THEN {int(rule.reason)}"] if tests else []


def _served_addresses(preparation: Preparation, rules: Sequence[FilteringRule]) -> tuple[str, str, tuple[Any, ...]]:
    """One mail for each address, also across the runs of a continuous delivery."""
    rule = next(rule for rule in rules if rule.one_per_address)
    joined = (
        f"LEFT JOIN (SELECT DISTINCT LOWER(address) AS address_key FROM {_table(Broadlog)}"
        " WHERE delivery_id = %s AND status NOT IN (%s, %s)) AS served ON served.address_key = people.address_key"
    )
    parameters = (preparation.delivery_id, int(MessageStatus.IGNORED), int(MessageStatus.CANCELLED))
    return joined, f"WHEN served.address_key IS NOT NULL THEN {int(rule.reason)}", parameters


def _compile(rows: QuerySet[Any, Any]) -> Statement:
    sql, parameters = rows.query.sql_with_params()
    return Statement(sql, tuple(parameters))


def _table(model: type[Recipient | Broadlog | Quarantine]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
