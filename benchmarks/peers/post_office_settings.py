"""django-post_office as a project of its own: its tables beside ours in the scratch database, the sink as its relay.

More generous than its defaults: larger batches, as many connections as the others have, no log row for each mail.
"""

from __future__ import annotations

import os

from benchmarks.peers.smtp import HOST, SESSIONS
from campaign_site.settings import DATABASES, DEFAULT_AUTO_FIELD, USE_TZ

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "USE_TZ"]

PROCESSES = 2
SECRET_KEY = "benchmark"
INSTALLED_APPS = ["post_office"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = HOST
EMAIL_PORT = int(os.environ.get("SINK_PORT", "25"))
POST_OFFICE = {"BATCH_SIZE": 1000, "THREADS_PER_PROCESS": SESSIONS // PROCESSES, "LOG_LEVEL": 0}
LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"post_office": {"handlers": ["console"], "level": "WARNING"}},
}
