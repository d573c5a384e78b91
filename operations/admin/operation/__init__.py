"""The page of an operation: `page.py` first, then its tabs (`dashboard.py`, `workflows.py`), its forms and dialogs, and
the calendar of all operations."""

from operations.admin.operation.page import OperationAdmin

__all__ = ["OperationAdmin"]
