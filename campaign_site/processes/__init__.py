"""The processes of one installation: `heartbeat.py` says that one is alive, `parts.py` lists them, `supervisor.py` runs
them together."""
