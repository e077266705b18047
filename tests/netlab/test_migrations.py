"""Migrations run on an empty database and on one of the last release, and lose nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import dj_database_url
import pytest
from django.conf import settings
from django.db import connection

from tests.netlab.test_lab import ROOT


@pytest.fixture
def empty(tmp_path, django_db_blocker):
    """The environment of a process that finds an empty database, of the kind that these tests run on."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("NETLAB")}
    keep |= {"NETLAB_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "netlab.settings"}
    if not settings.DATABASE_URL:
        yield keep
        return
    name = f"migrations_{uuid.uuid4().hex[:8]}"
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        assert dj_database_url.parse(settings.DATABASE_URL)["NAME"] == "postgres"
        yield keep | {"DATABASE_URL": settings.DATABASE_URL.removesuffix("postgres") + name}
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_an_empty_database_is_made_and_nothing_is_left_to_migrate(empty):
    run(empty, "manage.py", "migrate", "--no-input")
    assert "[ ]" not in run(empty, "manage.py", "showmigrations")
    run(empty, "manage.py", "makemigrations", "--check", "--dry-run")


@pytest.mark.django_db(transaction=True)
def test_a_lab_of_the_last_release_is_brought_up_to_date(empty):
    kind = "postgresql" if settings.DATABASE_URL else "sqlite"
    assert f"brought up to date on {kind}" in run(empty, "-m", "tests.netlab.migrating")
