"""Live options and processes."""

from installation.admin.option import OptionAdmin
from installation.admin.process import ProcessAdmin

__all__ = ["OptionAdmin", "ProcessAdmin"]
