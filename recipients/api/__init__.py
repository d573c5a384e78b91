"""The API's documents about people; `routes.py` is what the site's router registers."""
