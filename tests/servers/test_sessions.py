"""Open conversations: counted, and ended when their person's login is closed."""

from __future__ import annotations

from servers.sessions import Sessions


def test_one_address_cannot_take_every_place_but_this_machine_may():
    sessions = Sessions(most=4, most_each=2)
    assert sessions.enter("smtp", "192.0.2.1", print)
    second = sessions.enter("smtp", "192.0.2.1", print)
    assert sessions.enter("smtp", "192.0.2.1", print) is None
    assert sessions.enter("smtp", "127.0.0.1", print)
    assert sessions.enter("smtp", "127.0.0.1", print)
    assert sessions.enter("smtp", "127.0.0.1", print) is None
    sessions.leave(second)
    sessions.leave(second)
    assert len(sessions) == 3
    assert sessions.enter("smtp", "192.0.2.1", print)


def test_goodbye_is_said_to_everyone():
    sessions, heard = Sessions(), []
    sessions.enter("smtp", "::1", heard.append)
    sessions.enter("pop3", "::1", heard.append)
    sessions.end_all("the end")
    assert heard == ["the end", "the end"]
