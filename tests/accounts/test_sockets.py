"""Who is disabled opens no WebSocket: the socket's person is asked for as the page's is."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.auth import get_user
from django.conf import settings

from accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_disabled_persons_session_opens_no_socket(client, ann):
    await sync_to_async(client.force_login)(ann)
    session = client.session
    scope = {"session": session, "cookies": {settings.SESSION_COOKIE_NAME: session.session_key}}
    assert (await get_user(scope)).pk == ann.pk
    person = await User.objects.aget(pk=ann.pk)
    person.is_active = False
    await person.asave()
    assert (await get_user(scope)).is_anonymous
