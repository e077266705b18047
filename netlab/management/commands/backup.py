"""``manage.py backup FILE``: the whole lab in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from netlab.archive import Unfit, pack
from netlab.only import only_one


class Command(BaseCommand):
    requires_system_checks = []
    help = "Write database, mail, letters and keys of this lab (which must not run) into a new file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, help="a new file, for instance lab.tar.gz; keep it as you keep keys"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with only_one():
                count = pack(options["file"])
        except (Unfit, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{options['file']}: the database and {count} files. It holds the lab's keys: keep it safe."
        )
