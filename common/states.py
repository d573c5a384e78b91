"""States: codes with slugs, declared legal moves, and moves made as conditional updates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from common.errors import IllegalState

M = TypeVar("M", bound=models.Model)


class IllegalMove(IllegalState):
    """The row is not in a state from which this move is allowed; nothing was changed."""


class SlugChoices(models.IntegerChoices):
    """Integer codes in the database, slugs everywhere outside it."""

    @property
    def slug(self) -> str:
        return self.name.lower()

    @classmethod
    def from_slug(cls, slug: str) -> SlugChoices:
        try:
            return cls[slug.upper()]
        except KeyError:
            raise ValueError(f"{slug!r} is not one of {', '.join(cls.slugs())}.") from None

    @classmethod
    def slugs(cls) -> list[str]:
        return [member.slug for member in cls]


class StateMachine:
    """The legal moves of one field; `moves[a]` lists the states that may follow `a`."""

    def __init__(self, field: str, moves: Mapping[int, Collection[int]]) -> None:
        self.field = field
        self.moves = {int(state): frozenset(int(to) for to in targets) for state, targets in moves.items()}

    def allows(self, source: int, target: int) -> bool:
        return int(target) in self.moves.get(int(source), frozenset())

    def sources(self, target: int) -> list[int]:
        """The states from which `target` can be reached in one move."""
        return [state for state, targets in self.moves.items() if int(target) in targets]

    def move_all(self, rows: models.QuerySet[M], *, to: int, **changes: Any) -> int:
        """Move every row of the queryset that may move; return how many did. One conditional UPDATE."""
        return rows.filter(**{f"{self.field}__in": self.sources(to)}).update(**{self.field: int(to)}, **changes)

    def move(self, row: models.Model, *, to: int, **changes: Any) -> None:
        """Move one row or raise IllegalMove; on success the instance carries the new values."""
        manager = type(row)._default_manager
        if not self.move_all(manager.filter(pk=row.pk), to=to, **changes):
            current = manager.filter(pk=row.pk).values_list(self.field, flat=True).first()
            raise IllegalMove(
                _("The state of %(name)s %(pk)s is “%(present)s”: it can't become “%(wanted)s”.")
                % {
                    "name": row._meta.verbose_name,
                    "pk": row.pk,
                    "present": self._name(row, current),
                    "wanted": self._name(row, to),
                }
            )
        setattr(row, self.field, to)
        for name, value in changes.items():
            if not hasattr(value, "resolve_expression"):
                setattr(row, name, value)

    def _name(self, row: models.Model, state: int | None) -> str:
        choices = dict(row._meta.get_field(self.field).flatchoices)  # type: ignore[union-attr]
        return str(choices.get(state, state))
