"""Speaking SMTP to a server: smtplib over a tapped socket, held to its bounds (RFC 5321, 3207, 4954)."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from protocols import tap
from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable
from protocols.events import Sink
from protocols.login import Address, Credentials, Limits
from protocols.smtp.grammar import Reply, parse_reply
from protocols.storable import storable


def connect(address: Address, sink: Sink, limits: Limits | None = None) -> Session:
    """Open a session with the server at ``address``: greeting, EHLO, STARTTLS where the address asks for it.

    Unreachable, TlsFailed, Refused (the greeting was no welcome), Garbled, TooMuch.
    """
    limits = limits or Limits()
    return Session(address, tap.connect(address, sink, limits))


class Session:
    """One connection, greeted; a context manager that says QUIT at its end."""

    def __init__(self, address: Address, sock: socket.socket) -> None:
        self._address = address
        self._smtp = _Tapped(address, sock)
        try:
            self._call(self._smtp.connect, address.host, address.port)
            self._hello()
            if address.security == "starttls":
                self._start_tls()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Refused):
            self.quit()
        else:
            self.close()

    @property
    def extensions(self) -> dict[str, str]:
        """The EHLO keywords (lower case) and their parameters."""
        return dict(self._smtp.esmtp_features)

    def login(self, credentials: Credentials) -> None:
        """Sign in by the best mechanism that both know; Refused where the server says no."""
        _refuse_breaks(credentials.user, credentials.secret)
        if "auth" not in self._smtp.esmtp_features:
            raise Refused("", "the server does not offer AUTH", cause="no-auth", stage="login")
        try:
            self._call(self._smtp.login, credentials.user, credentials.secret)
        except Refused as error:
            # 454 is a server in trouble of its own (RFC 4954, 6): the password may well be right.
            why = {"cause": "login"} if error.code.startswith("5") else {}
            raise Refused(error.code, error.text, stage="login", **why) from None

    def send(
        self,
        sender: str,
        recipients: Sequence[str],
        message: bytes,
        *,
        on_data: Callable[[], None],
    ) -> dict[str, Reply]:
        """Send ``message`` (CR LF lines) and return the server's last word for each of ``recipients``.

        ``on_data`` is called after the recipients, immediately before DATA is said. Refused where the sender or
        every recipient is refused: nothing was sent then (what was said of each
        stands in the exception's ``answers``). WireErrors after ``on_data`` have ``stage="data"``: whether
        the letter went out is not known.
        """
        _refuse_breaks(sender, *recipients)
        utf8 = not all(path.isascii() for path in (sender, *recipients))
        self._call(self._envelope, sender, message, utf8)
        answers = {path: self._call(self._recipient, path) for path in recipients}
        accepted = [path for path, reply in answers.items() if reply.code < 300]
        if not accepted:
            self._call(self._smtp.rset)
            first = next(iter(answers.values()))
            refusal = Refused(str(first.code), first.text, stage="rcpt")
            refusal.answers = {path: (str(reply.code), reply.text) for path, reply in answers.items()}
            raise refusal
        on_data()
        final = self._data(message)
        return {path: final if path in accepted else reply for path, reply in answers.items()}

    def quit(self) -> None:
        """Say QUIT, wait for 221 and close; a server that is gone already is no error."""
        try:
            self._call(self._smtp.quit)
        except (Unreachable, TooMuch, Refused, Garbled):
            self.close()

    def close(self) -> None:
        """Close at once, from any thread; whoever waits gets Unreachable(cause="cancelled")."""
        tap.cut(self._smtp.opened)
        self._smtp.close()

    def _hello(self) -> None:
        # A name that says no more of this machine than the wire does already (RFC 5321 4.1.3).
        code, text = self._call(self._smtp.ehlo, f"[{self._smtp.local_address()}]")
        if code >= 400:
            code, text = self._call(self._smtp.helo, f"[{self._smtp.local_address()}]")
        if code >= 400:
            raise Refused(str(code), _text(text), stage="hello")

    def _start_tls(self) -> None:
        if "starttls" not in self._smtp.esmtp_features:
            raise TlsFailed(
                "the server does not offer STARTTLS", cause="not-offered", host=self._address.host
            )
        code, text = self._call(self._smtp.docmd, "STARTTLS")
        if code != 220:
            raise Refused(str(code), _text(text), stage="starttls")
        self._smtp.turn_into_tls()
        self._hello()

    def _envelope(self, sender: str, message: bytes, utf8: bool) -> None:
        options = [f"SIZE={len(message)}"] if "size" in self._smtp.esmtp_features else []
        if "8bitmime" in self._smtp.esmtp_features and not message.isascii():
            options.append("BODY=8BITMIME")
        if utf8:
            # Addresses outside ASCII need it (RFC 6531 3.4); smtplib refuses where it is not offered.
            options.append("SMTPUTF8")
        code, text = self._smtp.mail(sender, options)
        if code >= 300:
            self._smtp.rset()
            raise Refused(str(code), _text(text), stage="mail")

    def _recipient(self, path: str) -> Reply:
        code, text = self._smtp.rcpt(path)
        return _reply(code, text)

    def _data(self, message: bytes) -> Reply:
        try:
            code, text = self._call(self._smtp.data, message)
        except Refused as error:
            # 354 never came: the content was not sent.
            return _reply(int(error.code), error.text.encode())
        except (Unreachable, TooMuch, Garbled) as error:
            error.params["stage"] = "data"
            raise
        return _reply(code, text)

    def _call(self, call: Callable[..., Any], *args: Any) -> Any:
        try:
            return call(*args)
        except smtplib.SMTPServerDisconnected as error:
            raise Unreachable("the server closed the connection", cause="closed") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Garbled(str(error), cause="not-supported") from error
        except smtplib.SMTPResponseException as error:
            if error.smtp_code < 0 or (
                error.smtp_code == 500 and b"Line too long" in _bytes(error.smtp_error)
            ):
                raise Garbled("the answer is no SMTP", cause="no-smtp") from error
            raise Refused(str(error.smtp_code), _text(error.smtp_error)) from error
        except smtplib.SMTPException as error:
            raise Garbled("the answer is no SMTP", cause="no-smtp") from error
        except ValueError as error:
            raise Garbled("the answer is no SMTP", cause="no-smtp") from error


class _Tapped(smtplib.SMTP):
    """smtplib's SMTP on a socket that is open already."""

    def __init__(self, address: Address, sock: socket.socket) -> None:
        self._address, self.opened = address, sock
        super().__init__(local_hostname="localhost")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.opened

    def connect(self, host: str = "", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        code, text = super().connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        return code, text

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _WholeLines(self.sock.makefile("rb"))
        return super().getreply()

    def local_address(self) -> str:
        """Our own address as an address literal says it (RFC 5321 4.1.3)."""
        own = str(self.opened.getsockname()[0])
        return f"IPv6:{own}" if ":" in own else own

    def turn_into_tls(self) -> None:
        """Take TLS up and forget all that was said before (RFC 3207 4.2), bytes read ahead included: a command
        injected behind the 220 would hide there (CVE-2011-0411)."""
        self.sock = self.opened = tap.start_tls(self.opened, self._address)
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def close(self) -> None:
        super().close()
        self.opened.close()


class _WholeLines:
    """smtplib takes a line that the server did not finish for an answer: "250" of a line that was cut."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readline(self, size: int) -> bytes:
        line = bytes(self._file.readline(size))
        if line and len(line) < size and not line.endswith(b"\n"):
            raise Unreachable("the server closed the connection within a line", cause="closed")
        return line

    def close(self) -> None:
        self._file.close()


def _refuse_breaks(*values: str) -> None:
    if any(sign in value for value in values for sign in "\r\n\0"):
        raise Garbled("a line break or NUL may not stand in a command", cause="line-break")


def _reply(code: int, text: bytes) -> Reply:
    lines = [parse_reply(b"%d %s" % (code, part)) for part in text.split(b"\n")]
    first = next((line for line in lines if line), Reply(code, _text(text)))
    return Reply(code, storable(" ".join(line.text for line in lines if line)), True, first.enhanced)


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()


def _text(text: Any) -> str:
    return _bytes(text).decode("utf-8", "replace")
