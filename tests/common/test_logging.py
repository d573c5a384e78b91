"""Log lines."""

from __future__ import annotations

import logging

from hypothesis import given
from hypothesis import strategies as st

from common.logging import OneLineFormatter


@given(st.text())
def test_no_text_can_forge_a_second_line_or_move_the_cursor(text: str) -> None:
    record = logging.LogRecord("diffusion", logging.INFO, "", 0, "reply: %s", (text,), None)

    line = OneLineFormatter("%(message)s").format(record)

    assert not any(character in line for character in "\n\r\x1b\u2028\u2029\x85\x00")
