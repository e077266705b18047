"""Who may sign in: asked of the real rows, fresh, and in the same time for everyone."""

from __future__ import annotations

import asyncio
import time

import pytest

from accounts.models import Login, Server, User
from accounts.provision import provision_many
from servers import rows
from servers.authenticator import Authenticator
from servers.lab import Ports

PORTS = Ports(2525, 2465, 2110, 2995, 2143, 2993)


@pytest.fixture
def ann(transactional_db):
    rows.enter("127.0.0.1", PORTS, "")
    person = User.objects.create_user("ann")
    provision_many([person], "secret")
    return person


def ask(question):
    """Run ``question(authenticator)`` in a loop of its own and return its answer."""

    async def asking():
        authenticator = Authenticator()
        try:
            return await question(authenticator)
        finally:
            await authenticator.close()

    return asyncio.run(asking())


def test_a_new_password_holds_at_once_and_the_old_one_ends_within_two_seconds(ann):
    async def question(authenticator):
        assert await authenticator.check("imap", "ann", "secret")
        await authenticator.ask(lambda: provision_many([ann], "another"))
        assert await authenticator.check("imap", "ann", "another")
        return await authenticator.check("imap", "ann", "secret")

    assert ask(question) is None


def test_the_three_protocols_have_their_own_logins(ann):
    Login.objects.filter(server__protocol="pop3").delete()
    Server.objects.filter(protocol="imap").update(enabled=False)

    async def question(authenticator):
        return [bool(await authenticator.check(name, "ann", "secret")) for name in ("smtp", "pop3", "imap")]

    assert ask(question) == [True, False, False]


def test_a_row_sealed_with_another_key_signs_nobody_in(ann):
    Login.objects.update(sealed=b"rubbish")

    async def question(authenticator):
        return [await authenticator.check("smtp", "ann", word) for word in ("secret", "", "\0")]

    assert ask(question) == [None, None, None]


def test_each_failure_makes_the_next_one_slower(ann):
    async def question(authenticator):
        times = []
        for _ in range(3):
            began = time.monotonic()
            await authenticator.check("smtp", "ann", "wrong", "192.0.2.1")
            times.append(time.monotonic() - began)
        return times

    first, second, third = ask(question)
    assert 0.4 < first < second < third < 3


def test_a_secret_shows_in_no_repr(ann):
    async def question(authenticator):
        return repr((await authenticator.roll()).entry("smtp", "ann"))

    assert "sealed" not in ask(question)
