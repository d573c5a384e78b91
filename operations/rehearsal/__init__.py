"""Rehearsals: what a workflow would do in the coming weeks, with the real data and without any effect.

`request.py` (somebody asks), `work.py` (a process takes it up), `simulation.py` (the coming runs, on simulated time),
`shadow.py` (the copy of the workflow that plays them, in a transaction that is undone), `report.py` (what is kept).
"""
