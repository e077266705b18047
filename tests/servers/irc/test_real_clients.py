"""Programs that nobody here wrote, in the lab's IRC server: telnet, weechat, irssi. All they say and hear is known."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager

import pytest

from servers.irc.client import Client
from tests.conftest import need
from tests.servers.embedded import wait_until


@contextmanager
def program(words, home):
    """A program with an empty home; ended by us."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    running = subprocess.Popen(
        [str(word) for word in words],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    heard = bytearray()
    reader = threading.Thread(
        target=lambda: [heard.extend(part) for part in iter(lambda: running.stdout.read1(4096), b"")]
    )
    reader.start()
    try:
        yield running, heard
    finally:
        running.kill()
        running.wait(10)
        reader.join(10)
        running.stdin.close()
        running.stdout.close()


def test_the_courses_telnet_session(mail_lab, come, tmp_path):
    cat = come("cat")
    cat.asked("JOIN #lab")
    with program([need("telnet"), "127.0.0.1", mail_lab.ports.irc], tmp_path) as (telnet, heard):

        def type_(*lines: str) -> None:
            # As a terminal gives it: telnet makes CR LF of it, and CR NUL of a CR (RFC 854).
            telnet.stdin.write("".join(f"{line}\n" for line in lines).encode())
            telnet.stdin.flush()

        wait_until(lambda: b"Say NICK and USER" in heard)
        type_("NICK hoa", "USER hoa 0 * :Hoa")
        wait_until(lambda: b" 376 hoa " in heard)
        type_("JOIN #lab", "PRIVMSG #lab :xin chao")
        assert cat.heard("PRIVMSG").params == ("#lab", "xin chao")
        cat.say("PRIVMSG #lab :chao hoa")
        wait_until(lambda: b":cat!~cat@127.0.0.1 PRIVMSG #lab :chao hoa" in heard)
        type_("QUIT :bye")
        wait_until(lambda: b"ERROR :Closing link: Quit: bye" in heard)
        assert telnet.wait(10) is not None


@pytest.mark.parametrize("tls", [False, True])
def test_weechat_signs_in_by_sasl_hears_talks_and_quits(mail_lab, come, tmp_path, tls):
    cat = come("cat")
    cat.asked("JOIN #lab")
    port = mail_lab.ports.ircs if tls else mail_lab.ports.irc
    on = "on" if tls else "off"
    commands = [
        f"/set weechat.network.gnutls_ca_user {mail_lab.ca_file}",
        f"/server add lab localhost/{port} -nicks=ann -username=ann -realname=Ann",
        f"/set irc.server.lab.ssl {on}",  # its name up to weechat 3
        f"/set irc.server.lab.tls {on}",  # and from weechat 4 on
        "/set irc.server.lab.sasl_mechanism plain",
        "/set irc.server.lab.sasl_username ann",
        f"/set irc.server.lab.sasl_password {mail_lab.passwords['ann']}",
        "/set irc.server_default.capabilities *",
        "/set irc.server.lab.autojoin #lab",
        "/set logger.file.flush_delay 0",
        "/connect lab",
    ]
    words = [need("weechat-headless"), "--dir", tmp_path / "weechat", "--stdout"]
    words += [word for command in commands for word in ("--run-command", command)]
    with program(words, tmp_path) as (_, heard):
        joined = cat.heard("JOIN")
        assert joined.source == "ann!ann@ann.lab.test", heard.decode()[-2000:]
        cat.say("PRIVMSG #lab :ann: \x02welcome\x02 to the lab", "MODE #lab b", "TOPIC #lab")
        cat.asked("INVITE ann #lab", "WHOIS ann")
        logs = tmp_path / "weechat" / "logs" / "irc.lab.#lab.weechatlog"
        wait_until(lambda: logs.exists() and "welcome" in logs.read_text())
        # weechat's pipe takes what a person would type into a buffer
        [pipe] = wait_until(lambda: list((tmp_path / "weechat").glob("weechat_fifo_*")))
        with pipe.open("w") as typed:
            typed.write("irc.lab.#lab *chào cat, it works\n")
        assert cat.heard("PRIVMSG").params == ("#lab", "chào cat, it works")
        wait_until(lambda: "it works" in logs.read_text())
        with pipe.open("w") as typed:
            typed.write("irc.lab.#lab */quit see you\n")
        assert cat.heard("QUIT").param(0) == "Quit: see you"


def test_irssi_signs_in_by_password_hears_talks_and_quits(mail_lab, come, tmp_path):
    cat = come("cat")
    cat.asked("JOIN #lab")
    (tmp_path / "irssi").mkdir()
    password = mail_lab.passwords["ben"].replace('"', '\\"')
    (tmp_path / "irssi" / "config").write_text(
        f'servers = ( {{ address = "localhost"; chatnet = "lab"; port = {mail_lab.ports.irc}; family = "inet";'
        f' password = "ben:{password}"; autoconnect = "yes"; }} );\n'
        'chatnets = { lab = { type = "IRC"; nick = "ben"; }; };\n'
        'channels = ( { name = "#lab"; chatnet = "lab"; autojoin = "yes"; } );\n'
        'settings = { core = { nick = "ben"; user_name = "ben"; real_name = "Ben"; };'
        ' "irc/core" = { cmd_queue_speed = "10msec"; }; };\n'  # it would wait 2.5 seconds before each line
    )
    terminal = [need("script"), "-qec", f"{need('irssi')} --home={tmp_path}/irssi", "/dev/null"]
    with program(terminal, tmp_path) as (irssi, heard):

        def type_(line: str) -> None:
            irssi.stdin.write(f"{line}\r".encode())  # Enter, in a terminal
            irssi.stdin.flush()

        assert cat.heard("JOIN").source == "ben!ben@ben.lab.test"
        cat.say("PRIVMSG ben :\x01VERSION\x01")
        assert "irssi" in cat.heard("NOTICE").param(1).lower()
        type_("/msg #lab hello from irssi")
        assert cat.heard("PRIVMSG").params == ("#lab", "hello from irssi")
        cat.say("PRIVMSG #lab :hello yourself")
        type_("/window goto #lab")
        wait_until(lambda: b"hello yourself" in heard)
        type_("/quit good night")
        assert cat.heard("QUIT").param(0) == "Quit: good night"


@pytest.fixture(autouse=True)
def all_known(monkeypatch):
    """What the programs say and are told goes through the explainer too."""
    from protocols import catalog

    known = catalog.knowledge("irc")
    unknown = []

    def watched(method, speaker):
        def watching(self, raw):
            tools = self.__dict__.setdefault(
                "_watching", (known.framer(), known.guard(lambda raw: ""), known.explainer())
            )
            framer, guard, explainer = tools
            for line in framer.feed(speaker, raw):
                note = explainer.feed(guard.feed(line))
                unknown.extend([line] if not note.known else [])
            return method(self, raw)

        return watching

    monkeypatch.setattr(Client, "data_received", watched(Client.data_received, "C"))
    monkeypatch.setattr(Client, "write", watched(Client.write, "S"))
    yield
    assert unknown == []
