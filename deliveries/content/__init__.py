"""What a message says: the personalisation language, links, frozen versions and previews.

Read `language.py` (the bounded template engine), `analysis.py` (what a template may hold), `personalisation.py`
(checking and rendering), `links.py` (tracked links and their tokens) and `versions.py` (freezing).
"""
