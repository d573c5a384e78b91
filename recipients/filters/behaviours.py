"""What people did with deliveries: downstream apps register received, failed, opened, clicked.

Beside each behaviour they register its words (`behaviour_words`), and for what a behaviour may be narrowed to, the rows
that the number stands for (`scopes`): so filters are read back and checked without knowing these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from common.registry import Registry


class Behaviour(Protocol):
    """Answers rows with a `recipient_id`: who behaved so in one delivery, series or operation (`of`), since when."""

    def __call__(self, *, of: Mapping[str, int] | None, since: datetime | None) -> QuerySet[Any, Any]: ...


@dataclass(frozen=True)
class BehaviourWords:
    """`label` names it in a choice; `clause` goes on after “recipients”, `%(what)s` being the deliveries."""

    label: Any
    clause: Any


@dataclass(frozen=True)
class Scope:
    """What a behaviour may be narrowed to. `rows` have a `label`; `what` names the deliveries, with `%(label)s`."""

    label: Any
    what: Any
    rows: Callable[[], QuerySet[Any]]


behaviours: Registry[Behaviour] = Registry("behaviours")
behaviour_words: Registry[BehaviourWords] = Registry("behaviour words")
scopes: Registry[Scope] = Registry("behaviour scopes")
