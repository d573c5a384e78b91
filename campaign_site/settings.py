"""All settings, read from the environment (see docs/operations.md); a bad value stops the start with a clear error."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from campaign_site.env import (
    env_bool,
    env_database,
    env_directory,
    env_int,
    env_list,
    env_secret,
    env_text,
    env_time_zone,
    env_url,
    mail_server,
)

# Lets annotations such as ModelAdmin[Operation] be evaluated at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env_directory("VAR_DIR", BASE_DIR / "var")
PORT = env_int("PORT", 8000, minimum=1, maximum=65535)
DEBUG = env_bool("DEBUG", False)

SECRET_KEY = env_secret("SECRET_KEY", VAR_DIR / "secret_key")
# Links in mails outlive a rotation of the key: old keys still verify.
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", [])
BASE_URL = env_url("BASE_URL", f"http://localhost:{PORT}", schemes=("http", "https"))
TRACKING_BASE_URL = env_url("TRACKING_BASE_URL", BASE_URL, schemes=("http", "https"))
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]

SMTP_URL = env_url("SMTP_URL", "smtp://localhost:25", schemes=("smtp", "smtps"))
# Mail to the people who use this installation goes by the same server.
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_SSL, EMAIL_USE_TLS = mail_server(SMTP_URL)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_text("STAFF_MAIL_FROM", f"Diffusion <diffusion@{urlsplit(BASE_URL).hostname}>")
# The resolver of routes that go direct to mail servers (address or address:port); empty: those of the system.
DNS_SERVER = env_text("DNS_SERVER", "")
# Mail servers with private addresses are for tests and closed networks: elsewhere they lead a sender astray.
MTA_ALLOW_PRIVATE_MX = env_bool("MTA_ALLOW_PRIVATE_MX", False)
MTA_DRAIN_SECONDS = env_int("MTA_DRAIN_SECONDS", 60)
# For how long a sender holds what it claimed without a sign of life to the database.
MTA_LEASE_SECONDS = env_int("MTA_LEASE_SECONDS", 900)
# How long a message in doubt waits before the relay's log is believed to know of it.
MTA_SETTLE_SECONDS = env_int("MTA_SETTLE_SECONDS", 60)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_filters",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "installation",
    "recipients",
    "operations",
    "deliveries",
    "tracking",
    "campaign_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaign_site.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "campaign_site.account.middleware.PreferenceMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "campaign_site.urls"
WSGI_APPLICATION = "campaign_site.wsgi.application"
ASGI_APPLICATION = "campaign_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["common.template_tags"],
        },
    }
]

DATABASES = {"default": env_database("DATABASE_URL", VAR_DIR / "diffusion.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = env_text("LANGUAGE_CODE", "en")
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["campaign_site.formats"]
TIME_ZONE = env_time_zone("TIME_ZONE", "Europe/Paris")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# Who edits a drawing is told between web processes.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR_DIR / "cache"}}
# WhiteNoise warns about a folder that is not there yet.
STATIC_ROOT.mkdir(exist_ok=True)
# Finders serve what no one collected: a newcomer's first start needs no collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SECURE = BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE and env_bool("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["common.api.permissions.ModelPermissions"],
    "DEFAULT_PAGINATION_CLASS": "common.api.pagination.IdCursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["common.api.filters.DocumentFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.errors.exception_handler",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "PAGE_SIZE": 100,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Diffusion",
    "DESCRIPTION": "Campaign management: targeting workflows, deliveries, broadlogs and tracking.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "LogLevelEnum": "operations.models.run.RunLog.Level",
        "AlertLevelEnum": "deliveries.models.typology.TypologyRule.Level",
        "OperationPriorityEnum": "operations.models.operation.Operation.Priority",
        "DeliveryPriorityEnum": "deliveries.models.settings.SendingFields.Priority",
    },
}

BROKER_URL = env_text("BROKER_URL", "filesystem://")
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "diffusion"
if BROKER_URL.startswith("filesystem:"):
    from campaign_site.embedded_broker import transport_options

    CELERY_BROKER_TRANSPORT_OPTIONS = transport_options(VAR_DIR / "queue")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "common.logging.OneLineFormatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_text("LOG_LEVEL", "WARNING").upper()},
    "loggers": {
        "diffusion": {"level": env_text("LOG_LEVEL", "INFO").upper()},
        # The embedded broker has no host, and says so at every start.
        "kombu.connection": {"level": "ERROR"},
    },
}
