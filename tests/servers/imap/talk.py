"""An IMAP conversation by hand, as a student types it."""

from tests.servers.embedded import Wire

LETTER = b"From: Ann <ann@lab.test>\r\nTo: ben@lab.test\r\nSubject: =?utf-8?q?Ch=C3=A0o?= ben\r\n\r\nhello there\r\n"


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
