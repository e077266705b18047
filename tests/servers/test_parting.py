"""The last word arrives, even at a client that goes on sending."""

from __future__ import annotations

import pytest

WORDS = {"smtp": "421 4.7.0", "pop3": "-ERR [SYS/TEMP] too many errors", "imap": "* BYE too many errors"}


@pytest.mark.parametrize("protocol", WORDS)
def test_many_errors_end_the_conversation_with_a_reason(mail_lab, wire, protocol):
    for _ in range(5):
        talk = wire(getattr(mail_lab.ports, protocol))
        talk.line()
        talk.send(b"t FROB\r\n" * 3000)
        heard = list(iter(talk.line, ""))
        assert heard[-1].startswith(WORDS[protocol]), heard[-1]


def test_a_client_that_never_stops_is_left_all_the_same(mail_lab, wire):
    talk = wire(mail_lab.ports.imap)
    talk.line()
    with pytest.raises(ConnectionError):
        while True:
            talk.send(b"t FROB\r\n" * 3000)
