"""The rules that come with the product, without a database."""

from __future__ import annotations

from deliveries.inbound.reading.default_rules import RULES
from deliveries.inbound.reading.rules import Rules
from deliveries.inbound.rule_table import code_meanings

PRODUCT_RULES = Rules(RULES, code_meanings())
