"""Parts of a running lab are killed while a letter goes out. It is sent once, or its page says that nobody knows."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from netlab.celery import app
from tests.needs import need
from tests.netlab.between import Between
from tests.netlab.talker import Talker
from tests.netlab.test_lab import Lab, running, until
from tests.netlab.visitor import Visitor

PASSWORD = "correct horse battery"


class Scene:
    """A lab whose worker reaches the SMTP server through ``between``, and ann at its pages."""

    def __init__(self, lab: Lab, data: Path) -> None:
        self.lab, self._data, self._killed = lab, data, 0
        self.between = Between(int(lab.environment["NETLAB_SMTP_PORT"]))
        self.through_the_door()
        self.ann = Visitor(lab.web, "ann", PASSWORD)

    def kill(self, part: str) -> None:
        """kill -9 a part of the lab, by what its command line says."""
        [pid] = [pid for pid, line in self.lab.family().items() if f" {part} " in line or f"/{part} " in line]
        os.kill(pid, signal.SIGKILL)

    def through_the_door(self) -> None:
        """Let the worker reach the SMTP server through ``between``."""
        statement = "UPDATE accounts_server SET port = ?, security = 'plain' WHERE protocol = 'smtp'"
        self._do(statement, self.between.port)

    def lease_runs_out(self) -> None:
        """A minute passes, as far as the letter's lease is concerned."""
        self._do("UPDATE webmail_outgoingmessage SET lease = '2020-01-01 00:00:00' WHERE claim <> ''")

    def states(self, page: str) -> list[str]:
        return re.findall(r'class="badge [^"]*">([^<]+)<', self.ann.get(f"{page}state/"))

    def arrived(self, subject: str) -> int:
        """How many letters of that subject lie in mailboxes, Sent apart."""
        files = [path for part in ("new", "cur") for path in self._data.glob(f"mail/**/{part}/*")]
        inboxes = [path for path in files if ".Sent" not in str(path)]
        return sum(f"Subject: {subject}".encode() in path.read_bytes() for path in inboxes)

    def worker_is_back(self) -> None:
        self._killed += 1
        until(lambda: self.lab.log.read_text().count("worker ended with -9") == self._killed)
        until(lambda: self.lab.health()[0] == 200)

    def _do(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self._data / "netlab.sqlite3", timeout=20)) as database, database:
            database.execute(statement, values)


class Irc:
    """Somebody in #lab by a bare connection, as by telnet."""

    def __init__(self, environment: dict[str, str], nick: str) -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", int(environment["NETLAB_IRC_PORT"])), timeout=30
        )
        self._file = self._socket.makefile("rb")
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.until(b" 376 ", b" 422 ")
        self.send("JOIN #lab")
        self.until(b" 366 ")

    def __enter__(self) -> Irc:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def until(self, *signs: bytes) -> bytes:
        while line := self._file.readline():
            if any(sign in line for sign in signs):
                return line
        raise AssertionError("the server closed")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    need("redis-server")
    data = tmp_path_factory.mktemp("killed")
    with running(data, NETLAB_DEMO_PASSWORD=PASSWORD) as lab:
        opened = Scene(lab, data)
        yield opened
        opened.between.stop()


@pytest.fixture(autouse=True)
def through_the_door(request):
    """Servers that were started again have written their own ports into their rows."""
    if "scene" in request.fixturenames:
        request.getfixturevalue("scene").through_the_door()


def test_a_worker_killed_between_data_and_its_reply_leaves_an_uncertain_letter_that_a_person_settles(scene):
    scene.between.strike(".", lambda: scene.kill("worker"))
    page = scene.ann.send("ben@lab.test", "struck after DATA")
    assert scene.between.held.wait(30)
    assert scene.states(page) == ["sending"]
    scene.worker_is_back()
    scene.lease_runs_out()
    until(lambda: scene.states(page) == ["uncertain"], 40)
    assert "Nobody can know whether it arrived" in scene.ann.get(page)
    # The server had it: sending again by itself would have made two.
    before = scene.between.letters
    assert scene.arrived("struck after DATA") == 1
    assert scene.ann.post(f"{page}decide/", {"verb": "sent"})[0] == 302
    until(lambda: scene.states(page) == ["sent"] and "as you decided" in scene.ann.get(page))
    assert scene.arrived("struck after DATA") == 1 and scene.between.letters == before


def test_a_person_may_have_an_uncertain_letter_sent_again(scene):
    scene.between.strike(".", lambda: scene.kill("servers"))
    page = scene.ann.send("ben@lab.test", "the server was killed")
    # The line is lost at once, and with it the server's word.
    until(lambda: scene.states(page) == ["uncertain"], 30)
    until(lambda: "servers ended with -9" in scene.lab.log.read_text())
    until(lambda: scene.lab.health()[0] == 200)
    scene.through_the_door()
    before = scene.arrived("the server was killed")
    scene.ann.post(f"{page}decide/", {"verb": "again"})
    until(lambda: scene.states(page) == ["sent"], 30)
    assert scene.arrived("the server was killed") == before + 1


def test_a_worker_killed_before_data_sends_once_after_all(scene):
    before = scene.between.letters
    scene.between.strike("RCPT", lambda: scene.kill("worker"))
    page = scene.ann.send("ben@lab.test", "struck before DATA")
    assert scene.between.held.wait(30)
    scene.worker_is_back()
    scene.lease_runs_out()
    until(lambda: scene.states(page) == ["sent"], 60)
    assert scene.arrived("struck before DATA") == 1 and scene.between.letters == before + 1


def test_a_letter_written_while_redis_is_away_is_sent_when_it_is_back(scene):
    [pid] = [pid for pid, line in scene.lab.family().items() if "redis-server" in line]
    os.kill(pid, signal.SIGKILL)
    page = scene.ann.send("ben@lab.test", "without Redis")
    assert scene.states(page) == ["queued"]
    until(lambda: scene.states(page) == ["sent"], 90)
    assert scene.arrived("without Redis") == 1


def test_a_gateway_killed_while_people_talk_loses_no_word_that_was_taken_and_tells_none_twice(scene):
    lab = scene.lab
    ann, ben = (Talker(lab.web, Visitor(lab.web, name, PASSWORD)) for name in ("ann", "ben"))
    for one in (ann, ben):
        until(lambda one=one: (one.look() or one.channel("#lab") or {}).get("inside"))
    talk = ann.channel("#lab")["c"]
    numbers = {f"word {number}": ann.say(talk, f"word {number}") for number in range(30)}
    until(lambda: any(ann.answer(number) == "taken" for number in numbers.values()))
    with Irc(lab.environment, "guest") as guest:
        scene.kill("gateway")
        guest.until(b"QUIT")  # the server has seen that they are gone
        guest.send("PRIVMSG #lab :said while the gateway was dead")
        until(lambda: "gateway ended with -9" in lab.log.read_text())
        for one in (ann, ben):
            until(lambda one=one: any(told["told"] == "again" for told in one.told))
            until(lambda one=one: "said while the gateway was dead" in one.history(talk))
    number = ann.say(talk, "and on we go")
    until(lambda: ann.answer(number) == "taken")
    for one in (ann, ben):
        said = one.history(talk)
        assert said.count("and on we go") == said.count("said while the gateway was dead") == 1
        taken = [text for text, number in numbers.items() if ann.answer(number) == "taken"]
        assert taken and all(said.count(text) == 1 for text in taken)
        assert all(said.count(text) <= 1 for text in numbers)
        one.look()
        assert until(lambda one=one: one.channel("#lab")["inside"])
        one.close()


def test_both_periodic_tasks_are_known_to_the_worker():
    app.loader.import_default_modules()
    planned = {row["task"] for row in app.conf.beat_schedule.values()}
    assert {"webmail.tasks.sweep_outgoing", "transcripts.tasks.tidy"} <= planned
    assert planned <= set(app.tasks)
