"""The product's settings with a scratch VAR_DIR, and Celery run in the caller's process."""

import os
import tempfile

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="diffusion-tests-"))
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789abcdef" * 3)

from campaign_site.settings import *  # noqa: F403
from campaign_site.settings import DATABASES

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "campaign_site.sqlite":
    # As with Django's own engine; pytest's workers know that one by its name.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}
