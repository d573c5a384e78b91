"""The drawing of a workflow and what its page asks for: `data.py` first, then `state.py`, `validation.py`, the rest."""
