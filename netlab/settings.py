"""Django's settings, and every environment variable the product reads (docs/settings.md, tested)."""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static

from netlab import keys

BASE_DIR = Path(__file__).resolve().parent.parent

# Everything that is written stands below one folder.
DATA = Path(os.environ.get("NETLAB_DATA") or BASE_DIR / "data").resolve()
KEYS = DATA / "keys"
MAIL = DATA / "mail"
FILES = DATA / "files"
DOMAIN = os.environ.get("NETLAB_DOMAIN", "lab.test")
HOST = os.environ.get("NETLAB_HOST", "127.0.0.1")
WEB_PORT = int(os.environ.get("NETLAB_PORT", "8000"))
SMTP_PORT = int(os.environ.get("NETLAB_SMTP_PORT", "2525"))
POP3_PORT = int(os.environ.get("NETLAB_POP3_PORT", "2110"))
IMAP_PORT = int(os.environ.get("NETLAB_IMAP_PORT", "2143"))
SMTPS_PORT = int(os.environ.get("NETLAB_SMTPS_PORT", "2465"))
POP3S_PORT = int(os.environ.get("NETLAB_POP3S_PORT", "2995"))
IMAPS_PORT = int(os.environ.get("NETLAB_IMAPS_PORT", "2993"))
FTP_PORT = int(os.environ.get("NETLAB_FTP_PORT", "2121"))
FTPS_PORT = int(os.environ.get("NETLAB_FTPS_PORT", "2990"))
_first, _, _last = os.environ.get("NETLAB_FTP_PASSIVE_PORTS", "40000-41999").partition("-")
FTP_PASSIVE = range(int(_first), int(_last or _first) + 1)
FTP_QUOTA = int(os.environ.get("NETLAB_FTP_QUOTA_MB", "1024")) * 2**20
IRC_PORT = int(os.environ.get("NETLAB_IRC_PORT", "6667"))
IRCS_PORT = int(os.environ.get("NETLAB_IRCS_PORT", "6697"))
HTTP_PORT = int(os.environ.get("NETLAB_HTTP_PORT", "8080"))
HTTPS_PORT = int(os.environ.get("NETLAB_HTTPS_PORT", "8443"))
PUBLIC_HOST = os.environ.get("NETLAB_PUBLIC_HOST", "")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
DATABASE_URL = os.environ.get("DATABASE_URL", "")
DEMO_PASSWORD = os.environ.get("NETLAB_DEMO_PASSWORD", "")
DEMO = os.environ.get("NETLAB_DEMO", "" if DATABASE_URL else "1") == "1"
DEBUG = os.environ.get("NETLAB_DEBUG") == "1"

# The site's signing key is a file beside the other keys, made at first use.
SECRET_KEY = os.environ.get("NETLAB_SECRET_KEY") or keys.key(KEYS / "site").decode()
LOGINS_KEY = keys.key(KEYS / "logins")
FINGERPRINT_KEY = keys.key(KEYS / "fingerprint")
ALLOWED_HOSTS = ["*"]  # a class opens the lab by whatever name or address its teacher's laptop has
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # urls.py looks for the panel's pages: for the web alone
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "channels",
    "django_htmx",
    "netlab",
    "accounts",
    "transcripts",
    "servers",
    "webmail",
    "webftp",
    "console",
    "reference",
    "chat",
    "browser",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "netlab.static.StaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.PanelPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "netlab.trouble.BrokerMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "netlab.urls"
ASGI_APPLICATION = "netlab.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# No ATOMIC_REQUESTS: a task must find the row that its view saved (docs/decisions).
DATABASES = {
    "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
    if DATABASE_URL
    else {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "netlab.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # redis-py 8 gives up a read after 5 s by itself, which is as long as the layer waits for a message.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30}],
            "capacity": 1000,
            "prefix": "netlab",
        },
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep-outgoing": {"task": "webmail.tasks.sweep_outgoing", "schedule": 10.0},
    "files-tidy": {"task": "webftp.tasks.tidy", "schedule": 300.0},
    "transcripts-tidy": {"task": "transcripts.tasks.tidy", "schedule": 60.0},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# A class shares one address, so throttling counts failures of a user name from an address, not of either.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.1  # hours
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # the panel's people have an action that opens a lock
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "accounts.views.locked"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("vi", "Tiếng Việt")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA / "static"
MEDIA_ROOT = DATA / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "letters": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "letters"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None

X_FRAME_OPTIONS = "DENY"  # what is shown in a frame (a letter, a page of the browser, a file) says so itself
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# The admin panel's own policy: docs/decisions/admin-csp.md.
PANEL_POLICY = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
UNFOLD = {
    "SITE_TITLE": "netlab",
    "SITE_HEADER": "netlab",
    "SITE_SYMBOL": "lan",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("shell/icon.svg")}],
    "COLORS": {
        "primary": {
            "50": "#effaf6", "100": "#d8f2e9", "200": "#b4e4d5", "300": "#83cfbb", "400": "#4db39d",
            "500": "#1f8a78", "600": "#0d6b5e", "700": "#0b5a50", "800": "#0a4841", "900": "#093b36",
            "950": "#042220",
        }
    },
}  # fmt: skip
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": os.environ.get("NETLAB_LOG", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}, "celery.beat": {"level": "WARNING"}},
}
