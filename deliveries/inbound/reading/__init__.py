"""Reading one inbound mail: what it is, whom it concerns, what it says. Nothing here knows the database.

Read `verdict.py` (the result), `mail.py` (the steps), then `structure.py`, `rfc3464.py`, `arf.py`, `text.py` (where
the facts are found), `rules.py` and `meaning.py` (what they mean), `child.py` and `reader.py` (the limited process and
who starts it).
"""
