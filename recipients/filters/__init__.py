"""The filter language: a JSON document becomes one SQL statement over recipients."""

from recipients.filters.context import FilterContext

__all__ = ["FilterContext"]
