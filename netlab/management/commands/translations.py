"""``manage.py translations``: compile the catalogues, and say what is not translated. ``--check`` only looks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from netlab.translations import catalogues, compiled, faults, sentences

ROOMS = (
    "accounts",
    "browser",
    "chat",
    "console",
    "netlab",
    "reference",
    "servers",
    "transcripts",
    "webftp",
    "webmail",
)


class Command(BaseCommand):
    requires_system_checks = []
    help = "Compile the .po files to .mo and name every sentence without a translation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail where a .mo is not of its .po"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        root = settings.BASE_DIR
        wanted = list(sentences(root, ROOMS))
        told = []
        for language in [code for code, _ in settings.LANGUAGES if code != "en"]:
            files = catalogues(root, language)
            told += faults(wanted, files, language)
            for path in files:
                target, content = path.with_suffix(".mo"), compiled(path)
                if not target.exists() or target.read_bytes() != content:
                    if options["check"]:
                        told.append(
                            f"{target.relative_to(root)} is older than its .po: manage.py translations"
                        )
                    else:
                        target.write_bytes(content)
        if told:
            raise CommandError("\n".join([*told, f"{len(told)} sentences to mend"]))
        self.stdout.write(f"{len(wanted)} sentences, all translated")
