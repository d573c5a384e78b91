"""The MTA: the processes that send.

`supervisor.py` keeps sender processes alive (`process.py`); each runs `sender.py`: claim a part (`claims.py`), hand its
messages to the sessions of its route (`lane.py`, `held.py`), journal intents and outcomes (`journal.py`, `fates.py`),
write outcomes in batches (`outcomes.py`), try again later (`retries.py`). `recovery.py` settles what a dead one held.
"""
