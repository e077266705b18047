"""The page of a folder of 20,000 letters, from the index; beside it the same 50 rows fetched on a live connection.

``page`` is the whole page, ``list`` the part that htmx asks for, each through every middleware by Django's own test
client: the server's time, without a network. The floor is one FETCH of the same 50 rows from the lab's IMAP server
over a connection that is open and has the folder selected: what a page without an index would wait for at least.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from accounts.models import Login, Server, User
from bench import imap_server
from bench.pairs import compared
from servers.maildir import Mailstore
from servers.service import Service
from webmail.models import Folder, Mailbox, Message

ASKED = 30.0
"""Milliseconds of server time that issue 2 asks for, on a quiet machine."""
FETCH = b"FETCH 19951:20000 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"


def measure(letters: int = 20_000, pairs: int = 60) -> dict[str, dict[str, float]]:
    """Return for the page and for the list alone: median, p95, floor (ms), ratio, and what was asked."""
    person, folder = _index(letters)
    return _compare(person, folder, letters, pairs)


def _index(letters: int) -> tuple[User, Folder]:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    person = User.objects.create_user("ann")
    server = Server.objects.create(
        protocol="imap", name="bench", host="localhost", port=1, address="127.0.0.1"
    )
    login = Login.objects.create(person=person, server=server, user_name="ann", addresses=["ann@lab.test"])
    mailbox = Mailbox.objects.create(login=login)
    for name, special in (("Sent", "sent"), ("Drafts", "drafts"), ("Trash", "trash"), ("INBOX", "inbox")):
        folder = Folder.objects.create(mailbox=mailbox, name=name, special=special)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (
        Message(
            folder=folder, uid=n, received=first + timedelta(minutes=n), sender_name=f"Person {n % 300}",
            sender_address=f"p{n % 300}@lab.test", recipients="Ann", subject=f"Letter {n} of the year",
            message_id=f"<{n}@lab.test>", preview="What the letter begins with, a line of it", size=4000 + n,
            words=f"letter {n} of the year person {n % 300}", seen=n % 7 > 0, flagged=n % 40 == 0,
            has_files=n % 9 == 0,
        )
        for n in range(1, letters + 1)
    )  # fmt: skip
    Message.objects.bulk_create(rows, batch_size=1000)
    Folder.objects.filter(pk=folder.pk).update(total=letters, uidnext=letters + 1, unseen=letters // 7)
    return person, folder


def _compare(person: User, folder: Folder, letters: int, pairs: int) -> dict[str, dict[str, float]]:
    store = Mailstore(Path(settings.DATA) / "mail", durable=False)
    imap_server.fill(store, letters)
    ports, stop = imap_server._serve(Service("lab.test", store, imap_server.Anybody(), None))  # type: ignore[arg-type]
    client = Client()
    client.force_login(person)
    path = f"/mail/folder/{folder.pk}/"
    try:
        with socket.create_connection(("127.0.0.1", ports[0])) as imap:
            imap.recv(1000)
            for command in (b"LOGIN bench x", b"SELECT INBOX"):
                imap_server._command(imap, command)
            fetch = FETCH.replace(b"19951:20000", b"%d:%d" % (max(1, letters - 49), letters))
            floor = lambda: imap_server._command(imap, fetch)  # noqa: E731
            works = {
                "page_ms": lambda: _read(client, path),
                "list_ms": lambda: _read(client, path, {"HX-Request": "true"}),
                "list_unread_ms": lambda: _read(client, f"{path}?chip=unread", {"HX-Request": "true"}),
                "list_page_200_ms": lambda: _read(client, f"{path}?page=200", {"HX-Request": "true"}),
            }
            return {name: compared(work, floor, pairs, ASKED) for name, work in works.items()}
    finally:
        stop()


def _read(client: Client, path: str, headers: dict[str, str] | None = None) -> None:
    answer = client.get(path, headers=headers)
    if answer.status_code != 200 or b"Letter" not in answer.content:
        raise RuntimeError(f"{path}: {answer.status_code}")
