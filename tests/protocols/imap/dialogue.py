"""A dialogue as the course writes it, told to framer, guard and explainer."""

from __future__ import annotations

from tests.protocols.dialogue import Telling, Turn

_told = Telling("imap")
frame, guarded, explained = _told.frame, _told.guarded, _told.explained


COURSE: list[Turn] = [
    ("S", b"* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN X-ODD] ready\r\n"),
    ("C", b"a1 LOGIN ann secret\r\n"),
    ("S", b"a1 OK signed in\r\n"),
    ("C", b'a2 LIST "" *\r\n'),
    ("S", b'* LIST (\\HasNoChildren \\Sent) "/" "Th&AbA-"\r\na2 OK done\r\n'),
    ("C", b"a3 SELECT INBOX\r\n"),
    ("S", b"* 3 EXISTS\r\n* 1 RECENT\r\n* FLAGS (\\Seen $Mine)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] kept\r\n"),
    ("S", b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\n* OK [UNSEEN 2] x\r\na3 OK [READ-WRITE] open\r\n"),
    ("C", b"a4 UID FETCH 1:* (FLAGS ENVELOPE BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.9>)\r\n"),
    ("S", b'* 1 FETCH (UID 4 FLAGS (\\Seen) ENVELOPE ("Mon" "=?utf-8?q?Th=C6=B0?=" (("Ben" NIL "ben" "lab.test")) '
          b'NIL NIL NIL NIL NIL NIL "<1@x>") BODY[HEADER.FIELDS (FROM TO)]<0> {9}\r\nFrom: a\r\n)\r\n'),
    ("S", b"a4 OK done\r\n"),
    ("C", b"a5 SEARCH UNSEEN OR FROM ben NOT DELETED\r\n"),
    ("S", b"* SEARCH 2 3\r\na5 OK done\r\n"),
    ("C", b"a6 STATUS INBOX (MESSAGES UNSEEN)\r\n"),
    ("S", b"* STATUS INBOX (MESSAGES 3 UNSEEN 1)\r\na6 OK done\r\n"),
    ("C", b"a7 APPEND Sent (\\Seen) {5}\r\n"),
    ("S", b"+ go\r\n"),
    ("C", b"hello\r\n"),
    ("S", b"a7 OK [APPENDUID 7 9] stored\r\n"),
    ("C", b"a8 IDLE\r\n"),
    ("S", b"+ idling\r\n* 4 EXISTS\r\n"),
    ("C", b"DONE\r\n"),
    ("S", b"a8 OK done\r\n"),
    ("C", b"a9 LOGOUT\r\n"),
    ("S", b"* BYE bye\r\na9 OK done\r\n"),
]  # fmt: skip
