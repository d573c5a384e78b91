from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.mta.fates import Fate, Outcome
from deliveries.mta.journal import ClaimRecord, Journal, PartKey, abandoned, read_journal

KEY = PartKey(7, UUID(int=1))
OTHER = PartKey(8, UUID(int=2))


def sent(number: int) -> Outcome:
    return Outcome(number, Fate.SENT, 1)


def test_an_intent_without_an_outcome_is_in_doubt(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.claim(KEY, 0)
    journal.intend(KEY, 1, 1, 3)
    journal.intend(KEY, 2, 1, 4)
    journal.record(KEY, sent(1))

    outcomes = {outcome.broadlog_id: outcome.fate for outcome in read(journal)[KEY].settled()}

    assert outcomes == {1: Fate.SENT, 2: Fate.IN_DOUBT}


def test_a_torn_last_line_is_as_if_never_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.intend(KEY, 1, 1, 0)
    journal.record(KEY, sent(1))
    journal.flush()
    data = journal.path.read_bytes()

    torn = read_journal(data[:-1])

    assert [outcome.fate for outcome in torn[KEY].settled()] == [Fate.IN_DOUBT]


@pytest.mark.parametrize("detail", ["a\tb", "two\nlines", "550 é 🦊", '"quoted"', "nul \x00", ""])
def test_any_reply_survives_the_journal(tmp_path: Path, detail: str) -> None:
    journal = Journal(tmp_path)
    outcome = Outcome(5, Fate.RETRY, 2, 2, 5, detail)
    journal.record(KEY, outcome)

    assert read(journal)[KEY].settled() == [outcome]


def test_a_block_of_zeros_between_lines_says_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(KEY, sent(1))
    journal.flush()
    data = journal.path.read_bytes()

    assert read_journal(data + b"\0" * 512 + b"\n" + data)[KEY].settled() == [sent(1)]


def test_claims_of_one_part_are_kept_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    again = PartKey(KEY.part_id, UUID(int=9))
    journal.record(KEY, Outcome(1, Fate.RETRY, 1))
    journal.intend(again, 1, 2, 0)

    claims = read(journal)

    assert claims[KEY].settled()[0].fate is Fate.RETRY
    assert claims[again].settled()[0].attempts == 2


def test_the_journal_of_a_living_process_can_not_be_taken(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with abandoned(journal.path) as data:
        assert data is None

    journal.close(settled=False)
    with abandoned(journal.path) as data:
        assert data == b""


def test_a_settled_journal_is_put_away(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close(settled=True)

    assert [path.suffix for path in tmp_path.iterdir()] == [".done"]


def test_half_a_line_is_taken_back_and_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.record(KEY, sent(1))
    journal.flush()
    whole = journal.path.read_bytes()
    real = __import__("os").write
    monkeypatch.setattr("deliveries.mta.journal.os.write", lambda file, data: real(file, data[:5]))

    journal.record(KEY, sent(2))
    with pytest.raises(OSError, match="half a line"):
        journal.flush()

    assert journal.path.read_bytes() == whole


STEPS = st.lists(st.tuples(st.sampled_from([KEY, OTHER]), st.integers(1, 6), st.sampled_from("IO")), max_size=30)


@given(steps=STEPS, cut=st.integers(0, 3000))
def test_cut_anywhere_each_message_is_exactly_one_of_recorded_in_doubt_or_untouched(
    steps: list[tuple[PartKey, int, str]], cut: int
) -> None:
    """The reader agrees with a plain replay of the lines that are whole."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        expected: list[dict[tuple[PartKey, int], str]] = [{}]
        ends = [0]
        for key, number, kind in steps:
            state = dict(expected[-1])
            if kind == "I":
                journal.intend(key, number, 1, 0)
                state[key, number] = "in_doubt"
            else:
                journal.record(key, sent(number))
                state[key, number] = "sent"
            journal.flush()
            expected.append(state)
            ends.append(journal.size)
        data = journal.path.read_bytes()[:cut]

    whole = max(index for index, end in enumerate(ends) if end <= len(data))
    claims = read_journal(data)
    found = [(key, outcome) for key, record in claims.items() for outcome in record.settled()]

    assert {(key, outcome.broadlog_id): outcome.fate.value for key, outcome in found} == expected[whole]
    assert len(found) == len(expected[whole])


def read(journal: Journal) -> dict[PartKey, ClaimRecord]:
    journal.flush()
    return read_journal(journal.path.read_bytes())
