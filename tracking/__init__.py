"""What came back: opens, clicks, mirror pages and unsubscriptions.

Read `models.py`, `endpoints.py` (public pages), `intake.py` (one row per hit), `events/` (what a first hit does) and
`consolidation.py` (counters).
"""
