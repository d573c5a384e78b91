"""Composition root: settings, URLs, Celery, API router and the processes of one installation.

Read `settings.py` first, then `urls.py` and `api.py` (what is exposed), `celery.py` (what runs in the background)
and `processes/` (what `run` and `demo` start).
"""

from campaign_site.celery import app as celery_app

__all__ = ["celery_app"]
