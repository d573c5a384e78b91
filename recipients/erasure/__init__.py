"""Erasing a person, and telling them what is kept of them. Read erase.py first; each app registers its own eraser."""
