"""A dialogue as the course writes it, told to framer, guard and explainer."""

from __future__ import annotations

from tests.protocols.dialogue import Telling, Turn

_told = Telling("smtp")
frame, guarded, explained = _told.frame, _told.guarded, _told.explained


COURSE: list[Turn] = [
    ("S", b"220 www.example.com ESMTP Postfix\r\n"),
    ("C", b"HELO mydomain.com\r\n"),
    ("S", b"250 Hello mydomain.com\r\n"),
    ("C", b"MAIL FROM:<sender@mydomain.com>\r\n"),
    ("S", b"250 Ok\r\n"),
    ("C", b"RCPT TO:<friend@example.com>\r\n"),
    ("S", b"250 Ok\r\n"),
    ("C", b"DATA\r\n"),
    ("S", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
    ("C", b"Subject: test message\r\nFrom: sender@mydomain.com\r\n\r\nHello,\r\n..dot\r\n.\r\n"),
    ("S", b"250 Ok: queued as 12345\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"221 Bye\r\n"),
]
