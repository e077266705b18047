"""People, a class and the lab's server rows, as the tests of accounts want them."""

from __future__ import annotations

import pytest

from accounts import provision
from accounts.models import SchoolClass, Server, User
from tests.chromium import chromium  # noqa: F401

SITE_PASSWORD = "a long enough sentence"


def person(name: str, role: str = "student", **fields) -> User:
    user = User(username=name, role=role, **fields)
    user.set_password(SITE_PASSWORD)
    user.save()
    return user


@pytest.fixture
def lab_rows(db):
    """The rows that the lab servers' command writes, without the servers."""
    ports = {"smtp": (2525, 2465), "pop3": (2110, 2995), "imap": (2143, 2993)}
    return [
        Server.objects.create(
            protocol=name,
            name=f"Lab {name}",
            host="localhost",
            address="127.0.0.1",
            port=port,
            tls_port=tls,
            lab=True,
            ca="-----BEGIN CERTIFICATE-----\nlab\n-----END CERTIFICATE-----\n",
        )
        for name, (port, tls) in ports.items()
    ]


@pytest.fixture
def ann(lab_rows):
    user = person("ann", first_name="Ann", last_name="Nguyễn")
    provision.provision(user)
    return user


@pytest.fixture
def tom(db):
    return person("tom", "teacher", first_name="Tom", last_name="Hall")


@pytest.fixture
def boss(db):
    return person("boss", "admin")


@pytest.fixture
def school_class(db, tom):
    group = SchoolClass.objects.create(name="Network Programming")
    group.teachers.add(tom)
    return group


@pytest.fixture
def as_boss(client, boss):
    client.force_login(boss)
    return client


@pytest.fixture
def as_ann(client, ann):
    client.force_login(ann)
    return client
