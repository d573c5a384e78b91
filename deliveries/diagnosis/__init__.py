"""Why a delivery does not move, and what to do about it: `causes.py` has one function per cause, in order."""

from deliveries.diagnosis.causes import Cause, pending_causes, pending_reasons

__all__ = ["Cause", "pending_causes", "pending_reasons"]
