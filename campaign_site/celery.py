"""The Celery application. Its messages are doorbells: rows in the database say what is due."""

from __future__ import annotations

import os
from datetime import timedelta

from celery import Celery

from operations.sweeps import PERIODIC

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign_site.settings")

app = Celery("diffusion")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    name: {
        "task": sweep["task"],
        "schedule": timedelta(seconds=sweep["every"]),
        "options": {"expires": sweep["expires"]},
    }
    for name, sweep in PERIODIC.items()
}
