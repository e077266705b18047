"""One client of the lab's FTP server: who it is, what it may, and replies that a person can read (RFC 959)."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from pyftpdlib.ioloop import AsyncChat

from protocols.ftp.commands import commands
from protocols.ftp.grammar import without_telnet
from servers.authenticator import Person
from servers.ftp.data import Active, Data, Passive
from servers.ftp.home import OWN, READ_ONLY, Home, Rights
from servers.ftp.replies import CLEARER
from servers.ftp.space import Space
from servers.ftp.transfers import AT_ONCE, TRANSFERS, Transfers

log = logging.getLogger("netlab.ftp")

LINE = 8192
"""Bytes of the longest line: a path of 4,096 in its longest spelling."""

ENDLESS = 1024 * 1024
"""Bytes without a line's end after which nothing more is listened to."""

IDLE = 600
HANDSHAKE = 30
MOST_WAITING = 1000
"""Commands sent ahead of their replies, and replies that nobody reads."""

GUESTS = {"anonymous", "ftp"}


class Conversation(Transfers):
    """``server`` is the door it came through: its ``ftp`` is what all conversations share."""

    dtp_handler, passive_dtp, active_dtp = Data, Passive, Active
    abstracted_fs = Home
    encoding, unicode_errors = "utf-8", "surrogateescape"
    banner = "FTP Server ready."
    timeout = IDLE
    space: Space | None = None
    owner, refused, entry = "", "", None
    _greeted, _deaf = False, False
    # pyftpdlib deletes its own of these when it closes, with lines perhaps still to be looked at.
    _out_dtp_queue = _in_dtp_queue = data_channel = None
    _home: Path | None = None

    def __init__(self, conn: Any, server: Any, ioloop: Any = None) -> None:
        self.ftp = server.ftp
        self.authorizer = Rights()
        self._later: list[tuple[str, str, str]] = []
        super().__init__(conn, server, ioloop)
        self.ssl_context = self.ftp.certificate.context()
        self._available_facts = ["type", "perm", "size", "modify", "unique", "unix.mode"]
        self._current_facts = list(self._available_facts)
        self._extra_feats = ["AUTH TLS", "PBSZ", "PROT"]
        self.set_terminator(b"\n")  # a person's nc sends no CR

    @classmethod
    def get_ssl_context(cls) -> None:
        """Each conversation takes the certificate of the moment instead."""

    @property
    def allowance(self) -> str:
        """The quota in words."""
        return f"{(self.space.limit if self.space else 0) // 2**20} MiB"

    # Beginning and end

    def handle(self) -> None:
        """Greet, inside TLS where the port is for that; or say that there are too many."""
        self.entry = self.ftp.sessions.enter(
            "ftp", self.remote_ip, lambda reason: self.ftp.loop.call(self.end, reason)
        )
        if self.entry is None:
            self.respond("421 Too many connections; try again later.")
            self.close_when_done()
        elif self.server.implicit:
            self._secure()
        else:
            self._greet()

    def handle_ssl_established(self) -> None:
        if not self._greeted:
            self._greet()

    def end(self, reason: str) -> None:
        """Say goodbye and close, a transfer with it."""
        if self._closed:
            return
        if self.data_channel is not None:
            self.data_channel.close()
        self._drop_queues()
        self._later.clear()
        if self._greeted:
            self.respond(f"421 {reason[:1].upper()}{reason[1:]}.")
            self.close_when_done()
        else:
            self.close()

    def handle_close(self) -> None:
        """The client will say no more (``printf ... | nc``): what it said is still answered, in its turn."""
        if self._hung_up or self._closing or self.pending or not (self._asking or self._later):
            return self.close()
        self._hung_up = True
        self.ioloop.modify(self._fileno, 0)  # the end can be read for ever; a reset is told all the same
        return None

    def close(self) -> None:
        self._drop_queues()
        super().close()
        self.ftp.sessions.leave(self.entry)
        self._leave_home()

    def _greet(self) -> None:
        self._greeted = True
        self.respond(f"220 {self.banner}")

    def _secure(self) -> None:
        self.secure_connection(self.ssl_context)
        if not self._closed:
            self.call_later(HANDSHAKE, lambda: self.close() if self._ssl_accepting else None)

    # Lines

    def collect_incoming_data(self, data: bytes) -> None:
        self._in_buffer_len += len(data)
        if self._in_buffer_len > ENDLESS and not self._deaf:
            self._deaf = True
            self._drop_queues()
            self._later.clear()
            self.respond(f"500 A line may have {LINE} bytes; this one has no end. Goodbye.")
            # Closed at once, with bytes unread, the connection would be reset, and the answer lost on the way.
            self.call_later(1, self.close)
        if self._in_buffer_len <= LINE:
            self._in_buffer.append(data)

    def found_terminator(self) -> None:
        if self._deaf or self._closed or self._closing:  # said behind QUIT
            return None
        if self._idler is not None and not self._idler.cancelled:
            self._idler.reset()
        raw, size = b"".join(self._in_buffer), self._in_buffer_len
        self._in_buffer, self._in_buffer_len = [], 0
        raw = without_telnet(raw.removesuffix(b"\r"))
        if size > LINE:
            return self.respond(f"500 A line may have {LINE} bytes.")
        if b"\r" in raw or b"\0" in raw:
            return self.respond("501 A command cannot hold NUL or a line break.")
        line = raw.decode(self.encoding, self.unicode_errors)
        verb, _, argument = line.partition(" ")
        return self.pre_process_command(line, verb.upper(), argument)

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        """Do one command, or keep it for after what is under way."""
        if self._asking or (self.pending and cmd not in AT_ONCE):
            self._later.append((line, cmd, arg))
            if len(self._later) > MOST_WAITING:
                self.end("too many commands at once")
            return
        if len(self.producer_fifo) > MOST_WAITING:  # it sends and never reads
            self.close()
            return
        self.refused, self._said, self._about = "", arg, ""
        if cmd in ("LIST", "NLST") and self.fs is not None:
            arg = self._said = self.without_options(arg)
        if cmd not in self.proto_cmds and cmd in commands():
            self.respond(f"502 {cmd} is not offered here.")
        elif cmd in TRANSFERS and self.authenticated and not self._data_agreed():
            self.respond("425 Where shall the data go? PASV, EPSV, PORT or EPRT comes first.")
        else:
            super().pre_process_command(line, cmd, arg)
        if self._active and self.pending and not self._closed:
            where, self._active = self._active, None
            self._dtp_connector = self.active_dtp(*where, self)

    def process_command(self, cmd: str, *args: Any, **kwargs: Any) -> None:
        try:
            super().process_command(cmd, *args, **kwargs)
        except Exception:
            log.exception("%s failed", cmd)
            self._drop_queues()
            self.respond("451 Local error; try again later.")

    def respond(self, resp: str, logfun: Any = log.debug) -> None:
        """Answer, in clearer words than the library's where there are some."""
        resp = CLEARER.get(resp, resp)
        if resp.startswith("550 ") and self.refused:
            resp = self.refused + resp[3:]
        if resp.startswith(("150 File status", "125 Data connection")):
            resp = f"{resp[:3]} {self._opening()}"
        super().respond(resp, logfun)

    def push(self, data: str) -> None:
        # Past the library's own, which knows no names that are no UTF-8.
        AsyncChat.push(self, data.encode(self.encoding, self.unicode_errors))

    # Signing in

    def ftp_USER(self, line: str) -> None:
        if self.authenticated:
            self.flush_account()
        self.username = line
        guest = line.lower() in GUESTS
        self.respond("331 Send your e-mail as password" if guest else f"331 Password required for {line}.")

    def ftp_PASS(self, line: str) -> None:
        if self.authenticated:
            return self.respond("503 You are signed in already.")
        if not self.username:
            return self.respond("503 USER comes first.")
        if self.username.lower() in GUESTS:
            self._asking = True
            return self.ftp.admit_guest(self._guest_checked)
        self._asking = True
        return self.ftp.admit(self.username, line, self.remote_ip, self._checked)

    def _checked(self, done: Future[tuple[Person, Path, Space] | None]) -> None:
        """The answer to PASS is there."""
        found = None if done.cancelled() or done.exception() else done.result()
        if self._closed:
            if found:
                self.ftp.spaces.leave(found[1])
            return
        self._asking = False
        if found:
            person, self._home, self.space = found
            self._enter(person, self._home)
        elif done.cancelled() or done.exception():
            self._unsure(done)
        else:
            self._wrong()
        self._go_on()

    def _guest_checked(self, done: Future[bool]) -> None:
        """It is known whether guests may come in."""
        if self._closed:
            return
        self._asking = False
        if done.cancelled() or done.exception():
            self._unsure(done)
        elif done.result():
            self._enter(None, self.ftp.public)
        else:
            self.username = ""
            self.respond("530 This server was taken out of use.")
        self._go_on()

    def _unsure(self, done: Future[Any]) -> None:
        log.warning("a login could not be checked: %s", "stopped" if done.cancelled() else done.exception())
        self.respond("451 Logins cannot be checked just now; try again later.")

    def _wrong(self) -> None:
        self.username = ""
        self.attempted_logins += 1
        last = self.attempted_logins >= self.max_login_attempts
        self.respond(f"530 The user name or the password is wrong.{' Goodbye.' if last else ''}")
        if last:
            self._later.clear()
            self.close_when_done()

    def _enter(self, person: Person | None, home: Path) -> None:
        self.authenticated, self.attempted_logins = True, 0
        self.username = self.owner = person.name if person else "guest"
        self.authorizer.letters = OWN if person else READ_ONLY
        self.fs = self.abstracted_fs(str(home), self)
        if self.entry is not None:
            self.entry.person, self.entry.guest = person, person is None
        if person is None:
            return self.respond("230 User guest logged in. Access restrictions apply.")
        warning = "" if self._ssl_established else " Without TLS the password could be read on the way."
        return self.respond(f"230 User {person.name} logged in.{warning}")

    def flush_account(self) -> None:
        super().flush_account()
        self._drop_queues()
        self._leave_home()
        self.fs, self.authorizer.letters, self.owner = None, "", ""
        if self.entry is not None:
            self.entry.person, self.entry.guest = None, False

    def _leave_home(self) -> None:
        if self._home is not None:
            self.ftp.spaces.leave(self._home)
            self._home, self.space = None, None

    # TLS

    def ftp_AUTH(self, line: str) -> None:
        """Begin TLS; what came in clear text behind AUTH must not be taken for words said inside it (RFC 4217)."""
        if line.upper() in ("TLS", "TLS-C", "SSL", "TLS-P") and not self._ssl_requested:
            self.flush_account()
            self.ac_in_buffer = b""
            self._later.clear()
            self.respond("234 Begin TLS.")
            return self._secure()
        return super().ftp_AUTH(line)
