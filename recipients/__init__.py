"""Who: people, lists, services and quarantine, and the filter language that selects them.

Read `models/`, then `filters/` (document → SQL), `criteria.py` (models of other apps as criteria) and `imports.py`.
"""
