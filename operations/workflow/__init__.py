"""The engine: knows no activity by name.

Read `base.py` (what an activity type is), `graph.py` (is the drawing sound), `definition.py` (documents and versions),
`engine.py` (runs and tasks), `populations.py` (sets), `pump.py` (what drives it all).
"""
