"""Why, and for whom: operations, their targeting workflows, and the engine that runs them.

Read `models/`, `occurrences.py` (when) and `schedules.py` (beat), then `workflow/` (graph, engine, populations) and
`activities/`, one file per type. `services.py` holds the commands that admin, API and command line share.
"""
