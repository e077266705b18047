"""The product's settings over a data folder of the test run's own, fresh for every process."""

from __future__ import annotations

import os
import tempfile

os.environ["NETLAB_DATA"] = tempfile.mkdtemp(prefix="netlab-test-")

from netlab.settings import *  # noqa: F403
from netlab.settings import DATA, DATABASE_URL, DATABASES, STORAGES

if not DATABASE_URL:
    # A file, not memory: threads and child processes of a test meet in it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
