"""Conversations with the lab's FTP server."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.servers.ftp.talk import Talk


@pytest.fixture
def talk(mail_lab):
    """Opens conversations: of nobody, or of whom is named."""
    with ExitStack() as stack:

        def opened(user: str = "", tls: bool = False) -> Talk:
            talk = Talk(mail_lab.ports.ftp)
            stack.callback(talk.close)
            if tls:
                talk.tls(mail_lab.context)
            if user:
                password = mail_lab.passwords.get(user, "guest@example.com")
                assert talk.sign_in(user, password).startswith("230")
            return talk

        yield opened


@pytest.fixture
def home(mail_lab):
    """The folder of somebody's files."""
    from accounts.models import User

    return lambda name: mail_lab.root / "files" / str(User.objects.get(username=name).pk)
