"""Rehearsals in the admin: asked for (`asking.py`), their result as rows (`rows.py`) and sums (`totals.py`), shown as a
tab (`page.py`), on the drawing (`document.py`) and as a file (`table_file.py`)."""
