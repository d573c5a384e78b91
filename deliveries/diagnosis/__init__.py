"""Why a delivery does not move, and what to do about it: `causes.py` has one function per cause, in order; `checks.py`
adds what is in order."""

from deliveries.diagnosis.causes import Cause, causes_of, pending_causes, pending_reasons
from deliveries.diagnosis.checks import Check, Examination, all_checks
from deliveries.diagnosis.situation import Situation, read_situation

__all__ = [
    "Cause",
    "Check",
    "Examination",
    "Situation",
    "all_checks",
    "causes_of",
    "pending_causes",
    "pending_reasons",
    "read_situation",
]
