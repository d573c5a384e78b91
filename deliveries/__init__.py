"""What is sent: templates, preparation, broadlogs, the MTA and its channels.

Read `models/`, then in the order in which data moves: `activities/` (a workflow makes a delivery), `preparation/`
(target → exclusions → content version → parts), `confirmation.py`, `mta/` (claim → render → send → journal →
outcomes), `channels/`, and `diagnosis.py` and `ledger.py` (why it waits, and whether it adds up).
"""
