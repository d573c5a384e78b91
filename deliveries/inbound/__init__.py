"""Mails that come back: fetched (`sources/`), read in a limited process (`reading/`), applied (`applying.py`)."""
