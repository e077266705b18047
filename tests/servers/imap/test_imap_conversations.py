"""Conversations with the lab's IMAP server, by raw lines as a student types them, by imaplib and by IMAPClient."""

import base64
import hashlib
import hmac
import imaplib
import re
import socket
import time

import pytest
from imapclient import IMAPClient

from accounts.models import User
from tests.servers.embedded import Wire, wait_until

LETTER = b"From: Ann <ann@lab.test>\r\nTo: ben@lab.test\r\nSubject: =?utf-8?q?Ch=C3=A0o?= ben\r\n\r\nhello there\r\n"


@pytest.fixture
def talk(mail_lab):
    """A connection before signing in."""
    opened = Talk(mail_lab.ports.imap)
    yield opened
    opened.close()


class Talk(Wire):
    """A raw IMAP connection; ``ask`` returns every line up to the tagged one."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.greeting = self.line()

    def ask(self, command: str | bytes, tag: str = "a") -> list[str]:
        raw = command if isinstance(command, bytes) else command.encode()
        self.send(tag.encode() + b" " + raw + b"\r\n")
        return self.until(tag)

    def until(self, tag: str = "a") -> list[str]:
        lines: list[str] = []
        while not lines or not lines[-1].startswith(tag + " "):
            raw = self._file.readline()
            assert raw, f"the server closed after {lines}"
            lines.append(raw.decode().rstrip("\r\n"))
        return lines

    def ok(self, command: str | bytes) -> list[str]:
        lines = self.ask(command)
        assert lines[-1].startswith("a OK"), lines
        return lines

    def append(self, folder: str = "INBOX", raw: bytes = LETTER, flags: str = "") -> list[str]:
        return self.ok(f"APPEND {folder} {flags}{{{len(raw)}+}}\r\n".encode() + raw)


@pytest.fixture
def ann(mail_lab):
    """Opens connections that are signed in as ann."""
    opened = []

    def sign_in(select: str = "INBOX") -> Talk:
        talk = Talk(mail_lab.ports.imap)
        opened.append(talk)
        talk.ok(f'LOGIN ann "{mail_lab.passwords["ann"]}"')
        if select:
            talk.ok(f"SELECT {select}")
        return talk

    yield sign_in
    for talk in opened:
        talk.close()


def test_the_greeting_says_what_the_server_can_do(talk):
    for word in (
        "IMAP4rev1",
        "LITERAL+",
        "IDLE",
        "UIDPLUS",
        "MOVE",
        "STARTTLS",
        "SPECIAL-USE",
        "AUTH=CRAM-MD5",
    ):
        assert word in talk.greeting
    assert talk.ask("LOGOUT")[0].startswith("* BYE")
    assert talk.line() == ""


def test_a_wrong_password_is_refused_and_says_where_the_right_one_stands(talk):
    assert talk.ask("LOGIN ann wrong")[-1].startswith("a NO [AUTHENTICATIONFAILED]")
    assert "home page" in talk.ask("LOGIN ann wrong")[-1]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_every_mechanism_signs_in(talk, mail_lab, mechanism):
    password = mail_lab.passwords["ann"]

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    talk.send(f"a AUTHENTICATE {mechanism}\r\n")
    challenge = base64.b64decode(talk.line()[2:])
    if mechanism == "PLAIN":
        talk.send(b64(f"\0ann\0{password}") + "\r\n")
    elif mechanism == "LOGIN":
        talk.send(b64("ann") + "\r\n")
        talk.line()
        talk.send(b64(password) + "\r\n")
    else:
        talk.send(b64("ann " + hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()) + "\r\n")
    assert talk.until()[-1].startswith("a OK")


def test_starttls_begins_a_new_conversation_and_forgets_what_was_slipped_in(talk, mail_lab):
    talk.send("a STARTTLS\r\nb LOGIN ann stolen\r\n")
    assert talk.until()[-1].startswith("a OK")
    talk.secure(mail_lab.context)
    lines = talk.ok("CAPABILITY")
    assert "STARTTLS" not in lines[0]
    assert not any(line.startswith("b ") for line in lines)
    talk.ok(f'LOGIN ann "{mail_lab.passwords["ann"]}"')


def test_implicit_tls_works(mail_lab):
    client = imaplib.IMAP4_SSL("localhost", mail_lab.ports.imaps, ssl_context=mail_lab.context)
    assert client.login("ann", mail_lab.passwords["ann"])[0] == "OK"
    client.logout()


@pytest.mark.parametrize(
    ("command", "lesson"),
    [
        ("", "command"),
        ("FROB", "unknown command FROB"),
        ("SELECT", "expected a mailbox name"),
        ("SELECT INBOX more", "ends here"),
        ("FETCH 1", "expected what to fetch"),
        ("FETCH 0 FLAGS", "begin at 1"),
        ("FETCH 99 FLAGS", "no message 99"),
        ("FETCH x FLAGS", "expected message numbers"),
        ("FETCH 1 (FLAGS", "expected )"),
        ("FETCH 1 BODY[NOPE]", "expected ]"),
        ("FETCH 1 BODY[]<0.0>", "at least 1 byte"),
        ("FETCH 1 COLOUR", "expected one of FLAGS"),
        ("STORE 1 COLOUR (x)", "expected FLAGS"),
        ("STORE 1 FLAGS (\\Blue)", "no flag \\Blue"),
        ("SEARCH FROBBED", "search key"),
        ("SEARCH SINCE yesterday", "date like 1-Feb-2026"),
        ('LOGIN "ann', "you are selected"),
        ("STARTTLS", "you are selected"),
        ('LIST "" "unclosed', 'closing "'),
        ("STATUS INBOX (COLOUR)", "expected one of MESSAGES"),
        ("APPEND INBOX hello", "expected a literal"),
        ("UID", "after UID"),
        ("IDLE now", "ends here"),
    ],
)
def test_a_wrong_command_is_told_what_was_expected(ann, command, lesson):
    talk = ann()
    talk.append()
    talk.ok("NOOP")
    answer = talk.ask(command)[-1]
    assert answer.startswith("a BAD"), answer
    assert lesson in answer
    talk.ok("NOOP")


def test_select_tells_all_that_rfc_3501_asks_for(ann):
    talk = ann(select="")
    talk.append()
    told = "\n".join(talk.ok("SELECT inbox"))
    for line in ("* FLAGS (", "* 1 EXISTS", "* 1 RECENT", "[UNSEEN 1]", "[UIDVALIDITY ", "[UIDNEXT 2]"):
        assert line in told
    assert r"PERMANENTFLAGS (\Answered" in told and r"\*" in told
    assert "a OK [READ-WRITE]" in told


def test_recent_is_shown_to_one_session_only(ann):
    first = ann()
    first.append()
    second = ann(select="")
    assert "* 0 RECENT" in second.ok("SELECT INBOX")
    assert r"\Recent" in first.ok("FETCH 1 FLAGS")[0]
    assert r"\Recent" not in second.ok("FETCH 1 FLAGS")[0]


def test_examine_changes_nothing(ann):
    writer = ann(select="")
    writer.append()
    reader = ann(select="")
    assert "a OK [READ-ONLY]" in reader.ok("EXAMINE INBOX")[-1]
    reader.ok("FETCH 1 BODY[]")
    assert reader.ask(r"STORE 1 +FLAGS (\Seen)")[-1].startswith("a NO [READ-ONLY]")
    assert reader.ask("EXPUNGE")[-1].startswith("a NO [READ-ONLY]")
    assert "* 1 RECENT" in writer.ok("SELECT INBOX")
    assert r"\Seen" not in writer.ok("FETCH 1 FLAGS")[0]


def test_a_letter_is_fetched_byte_by_byte_as_it_was_appended(mail_lab):
    raw = (
        b"Subject: bytes\r\n\r\n" + bytes(range(1, 256)).replace(b"\n", b"").replace(b"\r", b"") + b"\r\nend"
    )
    client = imaplib.IMAP4("127.0.0.1", mail_lab.ports.imap)
    client.login("ann", mail_lab.passwords["ann"])
    client.append("INBOX", None, None, raw)
    client.select()
    assert client.fetch("1", "BODY.PEEK[]")[1][0][1] == raw
    assert client.fetch("1", "RFC822.SIZE")[1][0] == b"1 (RFC822.SIZE %d)" % len(raw)
    assert client.fetch("1", "BODY.PEEK[]<5.10>")[1][0][1] == raw[5:15]
    assert client.fetch("1", "BODY.PEEK[]<99999.5>")[1][0][1] == b""
    pieces = b"".join(client.fetch("1", f"BODY.PEEK[]<{at}.7>")[1][0][1] for at in range(0, len(raw), 7))
    assert pieces == raw
    client.logout()


def test_only_a_fetch_that_does_not_peek_marks_seen(ann):
    talk = ann()
    talk.append()
    talk.ok("FETCH 1 BODY.PEEK[HEADER]")
    assert r"\Seen" not in talk.ok("FETCH 1 FLAGS")[0]
    assert r"\Seen" in "".join(talk.ok("FETCH 1 BODY[TEXT]"))
    assert r"\Seen" in talk.ok("FETCH 1 FLAGS")[0]


def test_append_tells_the_uid_and_copy_and_move_tell_both(ann):
    talk = ann()
    assert re.search(r"\[APPENDUID \d+ 1\]", talk.append()[-1])
    talk.append()
    assert re.search(r"\[COPYUID \d+ 1:2 1:2\]", talk.ok("COPY 1:2 Archive")[-1])
    lines = talk.ok("UID MOVE 1 Trash")
    assert re.search(r"\* OK \[COPYUID \d+ 1 1\]", lines[0])
    assert "* 1 EXPUNGE" in lines
    assert talk.ok("STATUS Trash (MESSAGES)")[0] == "* STATUS Trash (MESSAGES 1)"


def test_copying_to_a_folder_that_is_not_there_says_trycreate(ann):
    talk = ann()
    talk.append()
    assert talk.ask("COPY 1 Nowhere")[-1].startswith("a NO [TRYCREATE]")


def test_expunges_wait_until_numbers_may_move(ann):
    first, second = ann(), ann()
    for _ in range(3):
        first.append()
    second.ok("NOOP")
    first.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert "* 1 EXPUNGE" in first.ok("EXPUNGE")
    found = second.ok("SEARCH ALL")
    assert found[0] == "* SEARCH 2 3"
    assert found[-1].startswith("a OK [EXPUNGEISSUED]")  # RFC 5530: why a number is missing
    for command in ("FETCH 2 FLAGS", "SEARCH ALL", r"STORE 3 +FLAGS (\Seen)"):
        assert not any("EXPUNGE" in line for line in second.ok(command)[:-1])
    assert "* 1 EXPUNGE" in second.ok("NOOP")
    assert second.ok("SEARCH ALL")[-1] == "a OK SEARCH done"
    assert r"\Seen" in second.ok("FETCH 2 FLAGS")[0]


def test_uid_expunge_removes_only_the_named(ann):
    talk = ann()
    for _ in range(3):
        talk.append(flags=r"(\Deleted) ")
    assert next(line for line in talk.ok("UID EXPUNGE 2") if "EXPUNGE" in line) == "* 2 EXPUNGE"
    assert talk.ok("UID SEARCH ALL")[0] == "* SEARCH 1 3"
    talk.ok("UNSELECT")
    talk.ok("SELECT INBOX")
    assert talk.ok("SEARCH ALL")[0] == "* SEARCH 1 2"
    talk.ok("CLOSE")
    assert talk.ok("STATUS INBOX (MESSAGES)")[0] == "* STATUS INBOX (MESSAGES 0)"


def test_idle_tells_of_a_delivery_at_once_and_of_a_file_dropped_in_soon(ann, mail_lab):
    talk = ann()
    talk.send("a IDLE\r\n")
    assert talk.line().startswith("+ ")
    home = str(_person("ann"))
    folder = mail_lab.running.service.store.home(home).folder("INBOX")
    start = time.monotonic()
    folder.deliver(LETTER)
    assert talk.line() == "* 1 EXISTS"
    assert time.monotonic() - start < 0.5
    talk.line()
    (folder.path / "new" / "1700000000.other.host").write_bytes(LETTER)
    assert talk.line() == "* 2 EXISTS"
    talk.line()
    talk.send("DONE\r\n")
    assert talk.until()[-1].startswith("a OK")


def _person(name):
    return User.objects.get(username=name).pk


def test_a_delivery_by_smtp_reaches_an_open_session(ann, mail_lab):
    talk = ann()
    mail_lab.running.service.store.home(str(_person("ann"))).deliver(LETTER)
    assert "* 1 EXISTS" in talk.ok("NOOP")


def test_what_another_session_flagged_is_told_after_a_silent_store_too(ann):
    first, second = ann(), ann()
    for _ in range(2):
        first.append()
    second.ok("NOOP")
    first.ok(r"STORE 1 +FLAGS (\Flagged)")
    told = [line for line in second.ok(r"STORE 1:2 +FLAGS.SILENT (\Seen)") if "FETCH" in line]
    assert len(told) == 1, told  # message 2 changed as the command says: SILENT keeps quiet of it
    assert told[0].startswith("* 1 FETCH")
    assert r"\Flagged" in told[0]
    assert r"\Seen" in told[0]
    assert second.ok("NOOP")[:-1] == []


def test_keywords_are_kept_and_searched(ann):
    talk = ann()
    talk.append()
    assert any("Lesson" in line for line in talk.ok("STORE 1 +FLAGS (Lesson $Forwarded)"))
    assert talk.ok("SEARCH KEYWORD lesson UNKEYWORD other")[0] == "* SEARCH 1"
    talk.ok("STORE 1 -FLAGS (lesson)")
    assert "Lesson" not in talk.ok("FETCH 1 FLAGS")[0]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("ALL", "1 2"),
        ("CHARSET UTF-8 SUBJECT {5+}\r\nchào", "1"),
        ('SUBJECT "CHÀO"', "1"),
        ('BODY "hello there"', "1"),
        ('TEXT "ann@"', "1"),
        ("BODY {4+}\r\nthư", "2"),
        ("FROM ben", "2"),
        ("NOT FROM ben", "1"),
        ("OR FROM ben FROM ann", "1 2"),
        ("LARGER 1 SMALLER 100000", "1 2"),
        ("UID 2:*", "2"),
        ("SINCE 1-Jan-2020 BEFORE 1-Jan-2100", "1 2"),
        ("SENTON 3-Feb-2026", "2"),
        ("HEADER X-Kind test", "2"),
        ("(UNSEEN (ALL))", "1 2"),
    ],
)
def test_search_looks_through_charsets_and_transfer_encodings(ann, keys, found):
    talk = ann()
    talk.append()
    talk.append(
        raw=b"From: ben@lab.test\r\nDate: Tue, 3 Feb 2026 23:59:00 -0800\r\nX-Kind: a test\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes("một bức thư".encode()).replace(b"\n", b"\r\n")
    )
    size = len("thư".encode()) if "thư" in keys else 5
    keys = re.sub(r"\{\d\+\}", f"{{{size}+}}", keys)
    found_lines = [line for line in talk.ok("SEARCH " + keys) if line.startswith("* SEARCH")]
    assert found_lines == [f"* SEARCH {found}".rstrip()]


def test_an_unknown_charset_is_told(ann):
    assert ann().ask("SEARCH CHARSET KLINGON ALL")[-1].startswith("a NO [BADCHARSET")


def test_folders_are_created_listed_subscribed_renamed_and_deleted(ann):
    talk = ann(select="")
    talk.ok("CREATE work/2026")
    told = talk.ok('LIST "" %')
    assert '* LIST (\\Noselect \\HasChildren) "/" work' in told
    assert '* LIST (\\HasNoChildren \\Sent) "/" Sent' in told
    talk.ok('RENAME work/2026 "Th&AbA-"')
    assert '* LIST (\\HasNoChildren) "/" Th&AbA-' in talk.ok('LIST "" Th*')
    talk.ok("SUBSCRIBE Th&AbA-")
    assert '* LSUB () "/" Th&AbA-' in talk.ok('LSUB "" *')
    talk.ok("UNSUBSCRIBE Th&AbA-")
    talk.ok("DELETE Th&AbA-")
    assert talk.ask("DELETE Th&AbA-")[-1].startswith("a NO [NONEXISTENT]")
    assert talk.ask("CREATE inbox")[-1].startswith("a NO [ALREADYEXISTS]")
    assert talk.ask("SELECT Th&AbA-")[-1].startswith("a NO [NONEXISTENT]")


def test_a_delete_that_is_refused_leaves_the_mailbox_selected(ann):
    talk = ann()
    assert talk.ask("DELETE INBOX")[-1].startswith("a NO")
    talk.ok("CHECK")  # which only a selected mailbox can be asked


def test_a_folder_deleted_under_a_session_ends_it_with_a_word(ann):
    talk = ann(select="")
    talk.ok("CREATE brief")
    other = ann(select="brief")
    talk.ok("DELETE brief")
    other.send("b NOOP\r\n")
    assert "was deleted" in other.line()


def test_a_disabled_person_is_shown_out(ann, mail_lab):
    talk = ann()
    person = User.objects.get(username="ann")
    person.is_active = False
    person.save()
    talk.socket.settimeout(15)
    assert talk.line().startswith("* BYE")


def test_a_literal_that_is_too_big_is_refused_before_it_is_sent(ann):
    talk = ann()
    talk.send("a APPEND INBOX {4294967295}\r\n")
    assert talk.line().startswith("a NO [TOOBIG]")
    talk.ok("NOOP")
    talk.send("a APPEND INBOX {4294967295+}\r\n")
    assert talk.line().startswith("* BYE [TOOBIG]")


def test_a_line_without_end_closes_the_conversation(talk):
    with pytest.raises((ConnectionError, AssertionError)):
        for _ in range(100):
            talk.send(b"a" * 10_000)
        assert "64" in talk.line() or not talk.line()
        raise ConnectionError


def test_commands_arrive_byte_by_byte_and_many_at_once(ann):
    talk = ann()
    for byte in b"a APPEND INBOX {%d}\r\n" % len(LETTER):
        talk.send(bytes([byte]))
    assert talk.line().startswith("+ ")
    for byte in LETTER + b"\r\n":
        talk.send(bytes([byte]))
    assert talk.until()[-1].startswith("a OK")
    talk.send("x NOOP\r\ny FETCH 1 UID\r\nz NOOP\r\n")
    assert talk.until("z")[-3:-1] == ["* 1 FETCH (UID 1)", "y OK FETCH done"]


def test_imapclient_finds_its_way(mail_lab):
    with IMAPClient("localhost", mail_lab.ports.imap, ssl=False) as client:
        client.starttls(mail_lab.context)
        client.login("ann", mail_lab.passwords["ann"])
        assert client.find_special_folder(b"\\Sent") == "Sent"
        client.append("Sent", LETTER, [b"\\Seen"])
        client.select_folder("Sent")
        envelope = client.fetch([1], ["ENVELOPE", "BODYSTRUCTURE"])[1][b"ENVELOPE"]
        assert envelope.from_[0].mailbox == b"ann"
        client.add_flags([1], [b"\\Flagged"])
        assert set(client.get_flags([1])[1]) >= {b"\\Seen", b"\\Flagged"}
        client.move([1], "Trash")
        assert client.search() == []
        assert client.namespace().personal[0][1] == "/"
        assert b"netlab" in str(client.id_({"name": "test"})).encode()
        client.idle()
        client.idle_done()


def test_eight_sessions_on_one_folder_agree_in_the_end(ann):
    talks = [ann() for _ in range(8)]
    for number, talk in enumerate(talks):
        talk.send(
            "".join(f"x{n} APPEND INBOX {{{len(LETTER)}+}}\r\n{LETTER.decode()}\r\n" for n in range(10))
        )
        talk.send(f"y STORE 1:* +FLAGS (k{number})\r\n")
    for talk in talks:
        talk.until("y")
    answers = []
    for talk in talks:
        talk.ok("NOOP")
        answers.append(
            [
                line.replace(" \\Recent", "").replace("\\Recent", "")
                for line in talk.ok("FETCH 1:* (UID FLAGS)")
            ]
        )
    assert len(answers[0]) == 81
    assert all(answer == answers[0] for answer in answers)


def test_a_client_that_does_not_read_stops_only_itself(ann):
    slow, quick = ann(), ann()
    quick.append(raw=LETTER + b"x" * 3_000_000)
    slow.ok("NOOP")
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.send("b FETCH 1 BODY.PEEK[]\r\n" * 20)
    start = time.monotonic()
    for _ in range(50):
        quick.ok("NOOP")
    assert time.monotonic() - start < 5


def test_the_sessions_are_gone_when_clients_hang_up(ann, mail_lab):
    ann().close()
    wait_until(lambda: len(mail_lab.running.service.sessions) == 0)


@pytest.mark.parametrize(
    "command",
    [
        "SEARCH " + "NOT " * 1000 + "ALL",
        "SEARCH " + "(" * 1000 + "ALL",
        "FETCH " + ",".join(["1:*"] * 10_000) + " FLAGS",
        "FETCH " + "9" * 9000 + " FLAGS",
        "FETCH 1 (" + " ".join(["BODY.PEEK[]"] * 3000) + ")",
        "FETCH 1 BODY[" + "1." * 3000 + "1]",
        "FETCH 1 BODY[" + "9" * 6000 + "]",
        'LIST "" "' + "*a" * 400 + '"',
        'LIST "" ' + "%" * 3000,
        "STORE 1 +FLAGS (" + " ".join(f"k{n}" for n in range(100)) + ")",
        b'APPEND INBOX "\xff\xfe" {1+}\r\nx',
        b"SELECT \xff\xfe\xfd",
        "SELECT " + "&AAAA-" * 10,
        "CREATE ../../out",
        "CREATE " + "x/" * 3000 + "y",
        "SEARCH CHARSET rot13 SUBJECT x",
        "SEARCH SUBJECT {3+}\r\n\0\0\0",
    ],
)
def test_hostile_commands_are_answered_quickly_and_harm_nobody(ann, command):
    talk = ann()
    talk.append()
    start = time.monotonic()
    answer = talk.ask(command)[-1]
    assert time.monotonic() - start < 3
    assert "SERVERBUG" not in answer
    talk.ok("SELECT INBOX")  # a SELECT that failed closed the folder
    assert talk.ok("FETCH 1 UID")[0] == "* 1 FETCH (UID 1)"
