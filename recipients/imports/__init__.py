"""Import of people from a CSV file.

Read `source.py` (is this a CSV file, and how is it written), `mapping.py` (which column is which field), `cells.py`
(what a cell says), `upsert.py` (a batch meets the database) and `run.py` (the whole import).
"""

from recipients.imports.run import ImportReport, import_file
from recipients.imports.source import UnusableFile

__all__ = ["ImportReport", "UnusableFile", "import_file"]
