"""Moves between states are conditional updates against a declared table."""

from __future__ import annotations

import pytest

from common.states import IllegalMove
from operations.models import Operation, OperationState
from operations.models.operation import OPERATION_MOVES

pytestmark = pytest.mark.django_db


def test_a_legal_move_changes_the_row_and_the_instance() -> None:
    operation = Operation.objects.create(label="Birthdays")

    OPERATION_MOVES.move(operation, to=OperationState.STARTED)

    assert operation.state == OperationState.STARTED
    assert Operation.objects.get().state == OperationState.STARTED


def test_an_illegal_move_names_both_states_and_changes_nothing() -> None:
    operation = Operation.objects.create(label="Birthdays")

    with pytest.raises(IllegalMove, match=r"is “Being edited”: it can't become “Finished”"):
        OPERATION_MOVES.move(operation, to=OperationState.FINISHED)

    assert Operation.objects.get().state == OperationState.EDITED


def test_of_two_movers_the_second_is_refused() -> None:
    operation = Operation.objects.create(label="Birthdays")
    same = Operation.objects.get()
    OPERATION_MOVES.move(operation, to=OperationState.CANCELLED)

    with pytest.raises(IllegalMove):
        OPERATION_MOVES.move(same, to=OperationState.STARTED)


def test_moving_a_set_leaves_alone_the_rows_that_may_not_move() -> None:
    Operation.objects.create(label="A")
    Operation.objects.create(label="B", state=OperationState.CANCELLED)

    moved = OPERATION_MOVES.move_all(Operation.objects.all(), to=OperationState.STARTED)

    assert moved == 1
    assert set(Operation.objects.values_list("label", "state")) == {
        ("A", OperationState.STARTED),
        ("B", OperationState.CANCELLED),
    }


def test_a_slug_stands_for_its_code_and_an_unknown_one_is_named() -> None:
    assert OperationState.from_slug("cancelled") == OperationState.CANCELLED
    assert OperationState.CANCELLED.slug == "cancelled"
    with pytest.raises(ValueError, match="'gone' is not one of edited, started, finished, cancelled"):
        OperationState.from_slug("gone")
