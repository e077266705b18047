"""A person who is deleted leaves nothing behind in the storage of letters and pages."""

from __future__ import annotations

import pytest

from accounts.models import User
from browser import storage
from webmail import letters


@pytest.fixture
def root(tmp_path, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "letters": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    return tmp_path


def test_letters_and_pages_go_with_their_person_and_nobody_elses(root, transactional_db):
    ann, ben = User.objects.create_user("ann"), User.objects.create_user("ben")
    kept = []
    for person in (ann, ben):
        kept += [letters.keep(person.pk, kind, b"x") for kind in ("bodies", "outgoing", "files")]
        kept.append(storage.keep(person.pk, b"<h1>page</h1>"))
    gone = ann.pk
    ann.delete()
    assert sorted(path.name for path in root.iterdir()) == [str(ben.pk)]
    assert not any((root / path).exists() == path.startswith(f"{gone}/") for path in kept)
