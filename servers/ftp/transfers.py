"""Where the data goes and when: PASV, PORT, transfers under way, ABOR, and what was said meanwhile."""

from __future__ import annotations

import ipaddress
import os
from typing import Any

from servers.ftp.data import NoPort
from servers.ftp.listings import Listings

TRANSFERS = {"LIST", "NLST", "MLSD", "RETR", "STOR", "APPE", "STOU"}
AT_ONCE = {"ABOR", "STAT", "QUIT"}
"""What is answered while a transfer goes on; every other command waits for its end."""


class Transfers(Listings):
    """The part of a conversation that carries files. ``_later`` are the lines that wait."""

    _active: tuple[str, int] | None = None
    _asking = _hung_up = False
    _about = ""
    _later: list[tuple[str, str, str]]

    @property
    def pending(self) -> bool:
        """Whether a transfer command has been answered with 1yz and nothing else yet."""
        if self._out_dtp_queue is not None or self._in_dtp_queue is not None:
            return True
        return self.data_channel is not None and self.data_channel.cmd is not None

    def push_dtp_data(
        self, data: Any, isproducer: bool = False, file: Any = None, cmd: str | None = None
    ) -> None:
        if file is not None:
            self._about = f" ({os.fstat(file.fileno()).st_size - file.tell()} bytes)"
        super().push_dtp_data(data, isproducer, file, cmd)

    def ftp_STOU(self, line: str) -> str | None:
        """Store under a new name; pyftpdlib looks at neither the right nor the way there beforehand."""
        folder = self.fs.ftp2fs(os.path.dirname(line) or self.fs.cwd)
        if "w" not in self.authorizer.letters or not self.fs.validpath(folder):
            return self.respond("550 Not enough privileges.")
        return super().ftp_STOU(line)

    def data_failed(self, reply: str) -> None:
        """The data connection did not come about: say so to whoever waits for it."""
        waiting = self.pending
        self._drop_queues()
        self._dtp_acceptor = self._dtp_connector = None
        if waiting and self.connected:
            self.respond(reply)
        self._go_on()

    def ftp_ABOR(self, line: str) -> None:
        """Stop: 426 for the transfer, 226 for ABOR itself; 225 where there was none (RFC 959 4.1.3)."""
        waiting = self.pending
        self._drop_queues()
        if self.data_channel is not None:
            self.data_channel.close()
            self.data_channel = None
        self._shutdown_connecting_dtp()
        if waiting:
            self.respond("426 The transfer was stopped.")
            self.respond("226 ABOR done.")
        else:
            self.respond("225 There is no transfer to stop.")
        self._go_on()

    def _on_dtp_close(self) -> None:
        super()._on_dtp_close()
        self._go_on()

    def _shutdown_connecting_dtp(self) -> None:
        super()._shutdown_connecting_dtp()
        self._active = None

    def _make_epasv(self, extmode: bool = False) -> None:
        try:
            super()._make_epasv(extmode)
        except NoPort:
            self._dtp_acceptor = None
            self.respond("425 All ports for data connections are taken; try again in a moment.")

    def _make_eport(self, ip: str, port: int) -> None:
        """Remember where the client listens, if that is the client itself (RFC 2577 3); connect when there is what to
        say, as the course's dialogue has it."""
        try:
            own = ipaddress.ip_address(ip) == ipaddress.ip_address(self.remote_ip.removeprefix("::ffff:"))
        except ValueError:
            return self.respond("501 That is no address.")
        if not own:
            return self.respond(f"501 {ip} is not your address: data goes to nobody but you.")
        if port < 1024:
            return self.respond(f"501 Port {port} is below 1024, where no data connection goes.")
        self._shutdown_connecting_dtp()
        if self.data_channel is not None:
            self.data_channel.close()
            self.data_channel = None
        self._active = (ip, port)
        return self.respond("200 Understood; the data will be brought there.")

    def _data_agreed(self) -> bool:
        return self.data_channel is not None or self._dtp_acceptor is not None or self._active is not None

    def _drop_queues(self) -> None:
        outgoing, self._out_dtp_queue = self._out_dtp_queue, None
        incoming, self._in_dtp_queue = self._in_dtp_queue, None
        if outgoing is not None and outgoing[2] is not None:
            outgoing[2].close()
        if incoming is not None:
            incoming[0].finish(False)

    def _go_on(self) -> None:
        """Take up what was said meanwhile, in a turn of its own."""
        if (self._later or self._hung_up) and not self._closed:
            self.call_later(0, self._take_up)

    def _take_up(self) -> None:
        while self._later and not self._closed and not self._asking:
            if self.pending and self._later[0][1] not in AT_ONCE:
                return self.close() if self._hung_up else None  # nobody is there who would fetch the data
            self.pre_process_command(*self._later.pop(0))
        if self._hung_up and not self._asking and not self._closed:
            self.close_when_done()
        return None

    def _opening(self) -> str:
        name = os.path.basename(self._said) or "file list"
        kind = "ASCII" if self._current_type == "a" or not self._about else "BINARY"
        kind = "BINARY" if self._in_dtp_queue is None and self._current_type == "i" and self._said else kind
        return f"Opening {kind} mode data connection for {name}{self._about}"
