"""Several sessions at the lab's IMAP server, and letters that come meanwhile."""

import socket
import time

from accounts.models import User
from tests.servers.embedded import wait_until
from tests.servers.imap.talk import LETTER


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
