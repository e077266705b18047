"""Run by ``test_migrations`` in a process of its own, on an empty database: a lab of the last release is brought
up to date, with people and mail in it.

``RELEASED`` names the last migration of each app as it was released. At a release, write today's there.
"""

from __future__ import annotations

import django
from django.apps import apps as today
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

RELEASED = [("accounts", "0001_initial"), ("transcripts", "0001_initial"), ("webmail", "0001_first")]


def fill(apps) -> None:
    """What a lab has after its first lesson, by the models of that time."""
    person = apps.get_model("accounts", "User").objects.create(username="ann", role="student", password="x")
    server = apps.get_model("accounts", "Server").objects.create(
        protocol="imap", name="netlab", host="localhost", port=2143, address="127.0.0.1", lab=True
    )
    for protocol, names in (("smtp", []), ("http", ["web.school.vn"])):
        apps.get_model("accounts", "Server").objects.create(
            protocol=protocol, name="netlab", host="localhost", port=1, lab=True, aliases=names
        )
    login = apps.get_model("accounts", "Login").objects.create(person=person, server=server, user_name="ann")
    mailbox = apps.get_model("webmail", "Mailbox").objects.create(login=login)
    folder = apps.get_model("webmail", "Folder").objects.create(
        mailbox=mailbox, name="INBOX", special="inbox"
    )
    apps.get_model("webmail", "Message").objects.create(
        folder=folder, uid=7, subject="Chào", received="2026-11-01T08:00:00Z"
    )
    talk = apps.get_model("transcripts", "Conversation").objects.create(
        owner=person, server=server, protocol="imap", host="localhost", port=2143
    )
    apps.get_model("transcripts", "Transcript").objects.create(owner=person, conversation=talk, cause="Send")


def main() -> None:
    """Migrate to the released state, fill it, migrate to today's, and look whether everything is there."""
    django.setup()
    executor = MigrationExecutor(connection)
    executor.migrate(RELEASED)
    fill(executor.loader.project_state(RELEASED).apps)
    call_command("migrate", verbosity=0, interactive=False)

    message = (
        today.get_model("webmail", "Message").objects.select_related("folder__mailbox__login__person").get()
    )
    assert message.subject == "Chào" and message.folder.mailbox.login.person.username == "ann"
    assert today.get_model("transcripts", "Transcript").objects.get().conversation.server.port == 2143
    names = dict(today.get_model("accounts", "Server").objects.values_list("protocol", "aliases"))
    assert "www.example.com" in names["smtp"] and names["http"] == ["web.school.vn"] and names["imap"] == []
    print(f"brought up to date on {connection.vendor}")


if __name__ == "__main__":
    main()
