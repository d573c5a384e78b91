"""Messages in doubt: the log of our relay says what became of them; where it can't, an option may end the wait."""

from deliveries.mta.settling import postfix as _postfix  # noqa: F401  (registers its format)
from deliveries.mta.settling.by_hand import settle_as
from deliveries.mta.settling.from_log import Settlement, settle_from_log, settle_routes

__all__ = ["Settlement", "settle_as", "settle_from_log", "settle_routes"]
