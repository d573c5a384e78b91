"""What belongs to whoever is signed in: their language and keys, their token, their views of lists, their search.

Read `urls.py` first; `middleware.py` applies the preferences to every page.
"""
