"""The Celery application. Its messages are doorbells: rows in the database say what is due."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign_site.settings")

app = Celery("diffusion")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
