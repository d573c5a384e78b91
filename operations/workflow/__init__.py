"""The engine: knows no activity by name.

Read `base.py` (what an activity type is), `document.py` and `graph.py` (the drawing, and whether it is sound),
`definition.py` (saving and versions), `plan.py` (which task can start), `execution.py` (one task), `control.py` (pause,
resume, stop), `engine.py` (runs), `populations.py` (sets), `pump.py` (what drives it all). Beside it: `fields.py` and
`config.py` (configurations), `expressions.py` (the conditions of a test), `exchange.py` (YAML).
"""
