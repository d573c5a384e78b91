"""django-mailer as a project of its own: its tables beside ours in the scratch database, the sink as its relay.

More generous than its defaults: no limit per run, and the log keeps no copy of each mail.
"""

from __future__ import annotations

import os

from benchmarks.peers.smtp import HOST
from campaign_site.settings import DATABASES, DEFAULT_AUTO_FIELD, USE_TZ

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "USE_TZ"]

SECRET_KEY = "benchmark"
INSTALLED_APPS = ["mailer"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
EMAIL_BACKEND = "mailer.backend.DbBackend"
MAILER_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
MAILER_USE_FILE_LOCK = False
EMAIL_HOST = HOST
EMAIL_PORT = int(os.environ.get("SINK_PORT", "25"))
LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"mailer": {"handlers": ["console"], "level": "WARNING"}},
}
