"""The rules, registered by their files, and which of them a delivery's typology runs."""

from __future__ import annotations

from collections.abc import Iterator

from common.registry import Registry
from deliveries.models import Delivery, DeliveryKind, Preparation, TypologyRule
from deliveries.typology.base import ControlRule, FilteringRule, Finding, Level

filtering_rules: Registry[type[FilteringRule]] = Registry("filtering rules")
control_rules: Registry[type[ControlRule]] = Registry("control rules")


def register_filtering(rule: type[FilteringRule]) -> type[FilteringRule]:
    filtering_rules.add(rule.code, rule)
    return rule


def register_control(rule: type[ControlRule]) -> type[ControlRule]:
    control_rules.add(rule.code, rule)
    return rule


def filters_of(delivery: Delivery) -> list[FilteringRule]:
    """The filtering rules of this delivery, in the fixed order in which the first one wins."""
    proof = delivery.kind == DeliveryKind.PROOF
    rules = [rule() for rule in filtering_rules if rule.applies_to_proofs or not proof]
    return sorted(rules, key=lambda rule: rule.sequence)


def run_controls(delivery: Delivery, preparation: Preparation, *, after_targeting: bool) -> Iterator[Finding]:
    """What the control rules of this phase find, each finding at the level that the typology gives it."""
    settings = _settings(delivery)
    for rule in (rule() for rule in control_rules if rule.after_targeting == after_targeting):
        level = _level(rule, settings.get(rule.code))
        if level is not None:
            yield from (Finding(level, message) for message in rule.faults(delivery, preparation))


def _settings(delivery: Delivery) -> dict[str, TypologyRule]:
    rows = TypologyRule.objects.filter(typology=delivery.typology_id) if delivery.typology_id else ()
    return {row.type: row for row in rows}


def _level(rule: ControlRule, setting: TypologyRule | None) -> str | None:
    if setting is None or rule.level == Level.ERROR:
        return rule.level
    return setting.level if setting.active else None
