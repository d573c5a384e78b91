"""The documents of tracking; `routes.py` lists them."""
