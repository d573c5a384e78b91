"""The filter language: a JSON document becomes one SQL statement over recipients.

Read `compiler.py` (the shape of a document), then `comparisons.py` (one field against one value), `fields.py` (which
names exist), `memberships.py` and `related.py` (what other tables say about a person).

The logic has two values. A comparison with a missing value is false; `not` is plain negation, and `not_equals`,
`not_in` and `is_not_null` are the exact negations of `equals`, `in` and `is_null`, so a missing value satisfies the
first two. An empty text is a missing value: `is_null` selects it, and so does `equals` with an empty text. `equals` and
`in` compare texts exactly; `contains`, `starts_with`, `ends_with` and `matches_domain` ignore the case of the letters A
to Z (only these, so that every database answers alike). Texts are ordered by code point.

An attribute has the type of the value that it is compared with: one that holds another type counts as missing. Dates in
attributes are texts that begin like 2025-10-06; a text such as 2025-10-06 is a date to an attribute declared as one.

A filter may use saved filters (`saved.py`), and what it names by number can be checked (`references.py`).
"""

from recipients.filters.compiler import condition, select, validate
from recipients.filters.context import FilterContext
from recipients.filters.errors import FilterError
from recipients.filters.fields import Document

__all__ = ["Document", "FilterContext", "FilterError", "condition", "select", "validate"]
