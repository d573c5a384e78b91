"""The documents and actions of deliveries; `routes.py` lists them."""
